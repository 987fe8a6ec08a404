/* One launch of one guest; see launch.h. */
#include "launch/launch.h"
#include "launch/host.h"
#include "launch/shared.h"
#include "launch/tap.h"
#include "base/hold.h"
#include "base/remedy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MIB_SHIFT = 20 };

/* The memory is allocated as the guest touches it: too much of it shows days later, as a bus error. */
static enum launched
check_memory(const struct guest *guest, const char *file, char *why)
{
	uint64_t whole, available;

	if (host_memory(&whole, &available) == -1)
		return LAUNCHED;
	if (guest->memory_bytes > whole) {
		launch_why(why, "%s:%u: memory of %llu MiB is more than this host's %llu MiB; lower it", file,
		    guest->memory_place.line, (unsigned long long)guest->memory_bytes >> MIB_SHIFT,
		    (unsigned long long)whole >> MIB_SHIFT);
		return LAUNCH_NEVER;
	}
	if (guest->memory_bytes > available)
		launch_why(why, "%llu MiB of memory are promised and only %llu MiB are free now",
		    (unsigned long long)guest->memory_bytes >> MIB_SHIFT,
		    (unsigned long long)available >> MIB_SHIFT);
	return LAUNCHED;
}

static enum launched
check_image(const struct conf *conf, const struct guest *guest, struct launch *out, char *why)
{
	char *path = conf_state_path(conf, guest->disk.image), *real = path ? realpath(path, NULL) : NULL;
	struct stat st;
	int n = snprintf(out->image, sizeof(out->image), "%s", real ? real : path ? path : "");

	free(real); /* a link is followed here and never again */
	free(path);
	if (n <= 0 || (size_t)n >= sizeof(out->image)) {
		launch_why(why, "the image's path is too long; take a shorter `state:` or `image:`");
		return LAUNCH_NEVER;
	}
	if (stat(out->image, &st) == 0) {
		if (S_ISREG(st.st_mode))
			return LAUNCHED;
		launch_why(why, "image %s is no regular file; name one with disk: {image: …}", out->image);
	} else if (errno == ENOENT) {
		launch_why(
		    why, "image %s does not exist; make it: lodge guest create %s", out->image, guest->name);
	} else {
		launch_why(why, "image %s: %s", out->image, remedy(errno, out->image));
	}
	return LAUNCH_NEVER;
}

/* The image takes room as the guest writes to it: the disk's end shows then, as errors of the guest's own disk. */
static void
check_room(const char *image, char *why)
{
	struct statvfs fs;
	struct stat st;
	unsigned long long missing, available;
	size_t used = strlen(why);

	if (stat(image, &st) == -1 || statvfs(image, &fs) == -1)
		return;
	available = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if ((unsigned long long)st.st_blocks * 512 >= (unsigned long long)st.st_size)
		return;
	missing = (unsigned long long)st.st_size - (unsigned long long)st.st_blocks * 512;
	if (missing > available)
		snprintf(why + used, LAUNCH_WHY - used,
		    "%simage %s may grow by %llu MiB and %llu MiB are free there", used ? "; " : "", image,
		    missing >> MIB_SHIFT, available >> MIB_SHIFT);
}

static const char *
file_of(const struct conf *conf, const struct guest *guest)
{
	return guest->memory_place.file < conf->n_files ? conf->files[guest->memory_place.file]
							: "lodge.yaml";
}

enum launched
launch_plan(
    const struct conf *conf, const struct guest *guest, const char *root, struct launch *out, char *why)
{
	static struct base base;
	enum launched result;

	why[0] = '\0';
	strcpy(out->name, guest->name);
	strcpy(out->tap, guest->tap);
	out->uid = guest->uid;
	result = kernel_learn(conf->kernel, guest->uid, &out->kernel, why);
	if (result != LAUNCHED)
		return result;
	if (guest->seccomp && !out->kernel.ability.seccomp) {
		launch_why(why,
		    "kernel %s (%s) has no seccomp=on; take `seccomp: yes` of %s out, or set `kernel:` to "
		    "another",
		    conf->kernel, out->kernel.ability.version, guest->name);
		return LAUNCH_NEVER;
	}
	if (cmdline_build(conf, guest, &out->kernel.ability, &out->words) == -1 ||
	    cmdline_environment(&out->kernel.ability, out->kernel.padding, &out->environment) == -1) {
		launch_why(why, "kernel %s (%s) has no driver that can take a tap; set `kernel:` to another",
		    conf->kernel, out->kernel.ability.version);
		return LAUNCH_NEVER;
	}
	result = check_image(conf, guest, out, why);
	if (result == LAUNCHED && guest->disk.base)
		result = shared_check(conf, guest, out->image, &base, why);
	if (result != LAUNCHED)
		return result;
	if (jail_plan(root, guest->uid, guest->memory_bytes, conf->kernel, &out->kernel, &out->jail, why) ==
		-1 ||
	    jail_add(&out->jail, JAIL_DATA, out->image, JAIL_IMAGE) == -1 ||
	    (guest->disk.base && jail_add(&out->jail, JAIL_INPUT, base.path, JAIL_BASE) == -1))
		return LAUNCH_NEVER;
	why[0] = '\0';
	result = check_memory(guest, file_of(conf, guest), why);
	if (result == LAUNCHED)
		check_room(out->image, why);
	return result;
}

void
launch_print(const struct launch *launch, FILE *f)
{
	const struct ability *ability = &launch->kernel.ability;

	fprintf(
	    f, "guest %s: uid %u, tap %s, image %s\n", launch->name, launch->uid, launch->tap, launch->image);
	fprintf(f, "kernel %s:%s%s%s%s\n", ability->version, ability->vec ? " vec" : "",
	    ability->tuntap ? " tuntap" : "", ability->seccomp ? " seccomp" : "",
	    ability->dynamic ? "" : " static");
	fprintf(f, "arguments\n");
	for (size_t i = 0; i < launch->words.n; i++)
		fprintf(f, "  %s\n", launch->words.words[i]);
	fprintf(f, "environment\n");
	for (size_t i = 0; i < launch->environment.n; i++)
		fprintf(f, "  %s\n", launch->environment.words[i]);
	fprintf(f, "jail\n");
	jail_print(&launch->jail, f);
}

/* Whoever made the image, only the guest's uid may use it; it may grow no further. */
static int
give_image(const struct launch *launch, unsigned long long *file_bytes)
{
	struct stat st;

	if (stat(launch->image, &st) == -1)
		return -1;
	*file_bytes = launch->jail.memory_bytes;
	if ((unsigned long long)st.st_size > *file_bytes)
		*file_bytes = (unsigned long long)st.st_size;
	if ((st.st_uid != launch->uid || st.st_gid != launch->uid) &&
	    chown(launch->image, launch->uid, launch->uid) == -1)
		return -1;
	return (st.st_mode & 07777) != 0600 ? chmod(launch->image, 0600) : 0;
}

enum launched
launch_run(const struct launch *launch, int console_fd, int cpu, const struct cgroup *cgroup,
    struct spawned *out, int *image_fd, char *why)
{
	struct spawn spawn = {
	    .jail = &launch->jail,
	    .words = &launch->words,
	    .environment = &launch->environment,
	    .hostname = launch->name,
	    .uid = launch->uid,
	    .cpu = cpu,
	    .console_fd = console_fd,
	    .cgroup = cgroup,
	};
	int result = -1;

	*image_fd = hold_image(launch->image, HOLD_FOR_A_KERNEL, why, LAUNCH_WHY);
	if (*image_fd == -1)
		return LAUNCH_LATER;
	if (give_image(launch, &spawn.file_bytes) == -1) {
		launch_why(why, "image %s: %s", launch->image, remedy(errno, launch->image));
		close(*image_fd);
		return LAUNCH_NEVER;
	}
	spawn.tap_fd = tap_attach(launch->tap, cmdline_uplink(&launch->kernel.ability));
	if (spawn.tap_fd == -1) {
		tap_explain(launch->tap, errno, why);
	} else {
		result = spawn_guest(&spawn, out, why);
		close(spawn.tap_fd);
	}
	if (result == -1)
		close(*image_fd);
	return result == -1 ? LAUNCH_LATER : LAUNCHED;
}
