package android.content;

import android.content.res.AssetManager;
import java.io.File;

/** An app whose assets and files lie in one folder. */
public class Context {
    private final File folder;

    public Context(File folder) {
        this.folder = folder;
    }

    public AssetManager getAssets() {
        return new AssetManager(new File(folder, "assets"));
    }

    public File getNoBackupFilesDir() {
        return folder;
    }
}
