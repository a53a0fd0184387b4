/* One colour path for every app of this repository; an app of your own copies native in here instead. */
#include "../../../../../native/edge_colorizer.h"
