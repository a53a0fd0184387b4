#define EDGE_COLORIZER_IMPLEMENTATION
#include "CEdgeColorizer.h"
