/* Who listens on guests' ports, told when it changes. Shell, natd only. */
#ifndef NATD_LISTENERS_H
#define NATD_LISTENERS_H

#include "natd/plan.h"

/* Services of the host: the port stays with the host as long as they listen. have: no facts at the start. */
void listeners_say(const struct conf *, const struct facts *have, const struct facts *want);

/* Programs of persons, whatever they listen on: the port is the guest's all the same. before: NULL at the start. */
void listeners_say_persons(
    const struct conf *, const struct plan_ports *before, const struct plan_ports *now);

#endif
