// libargon2 as Swift sees it: the header alone, no logic.
#ifndef PARLEY_ARGON2_H
#define PARLEY_ARGON2_H

#include <argon2.h>

#endif
