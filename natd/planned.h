/* The parts of a plan, each adding its facts. Cores, for plan.c alone. */
#ifndef NATD_PLANNED_H
#define NATD_PLANNED_H

#include "natd/plan.h"

/* format: of a path below /proc/sys with the device in it. */
void planned_sysctl(struct facts *, const char *format, const char *device, const char *text);

void planned_doors(struct facts *, const uint16_t *ports, size_t n, uint8_t protocol);
void planned_reserved(struct facts *, const struct conf *);
void planned_early_demux(struct facts *, const struct conf *);
void planned_curb(struct facts *, const struct guest *, const struct curbs *); /* curbs: or NULL */
void planned_listening(struct facts *, const struct guest *, const struct plan_ports *);
void planned_neighbours(struct facts *, const struct conf *, const struct plan_host *);
void planned_guest_allows(struct facts *, const struct conf *, const struct guest *);

#endif
