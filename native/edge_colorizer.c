/* The one source file with the implementation, for build systems that want a file of their own. */
#define EDGE_COLORIZER_IMPLEMENTATION
#include "edge_colorizer.h"
