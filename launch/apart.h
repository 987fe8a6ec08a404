/* One thing tried as a guest would use it: in a child, with namespaces of its own, that ends with its trial. */
#ifndef LAUNCH_APART_H
#define LAUNCH_APART_H

/* What a child says of its trial: 0, or an errno and at what. */
struct outcome {
	int error;
	char step[64];
};

typedef struct outcome apart_run(unsigned uid);

/* In a child with these namespaces of its own (CLONE_… flags); one that dies of it is ECHILD. */
struct outcome apart_try(unsigned long namespaces, apart_run *, unsigned uid);

/* What a trial says that could not take this step; errno is why. */
struct outcome apart_failed(const char *step);

#endif
