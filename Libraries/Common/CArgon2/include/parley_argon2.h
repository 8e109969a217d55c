// libargon2 as Swift sees it, and glibc's malloc, whose handling of its large blocks is set: headers alone, no logic.
#ifndef PARLEY_ARGON2_H
#define PARLEY_ARGON2_H

#include <argon2.h>

#ifdef __linux__
#include <malloc.h>
#endif

#endif
