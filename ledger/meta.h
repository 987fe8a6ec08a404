/* What hangs on a guest beside numbers, as its key has it. A core. */
#ifndef LEDGER_META_H
#define LEDGER_META_H

#include "ledger/ledger.h"

/* A field as the key holds it; what is not known or makes no sense changes nothing. */
void meta_take(struct meta *, struct span name, struct span text);

#endif
