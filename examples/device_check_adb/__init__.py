"""How fast an artifact runs on an Android device, and whether it answers there what it answers here."""
