#include "parley_argon2.h"
