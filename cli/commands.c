/*
 * The table of commands: usage, help, «did you mean» and what shells complete are made of it, and a command is given no option
 * that does not stand here.
 */
#include "cli/cli.h"
#include "cli/guest.h"

#define JSON                                                                                                 \
	{                                                                                                    \
		"-j", "--json", NULL, "as JSON, for programs", KIND_NOTHING, NULL, false                     \
	}
#define WATCH                                                                                                \
	{                                                                                                    \
		"-w", "--watch", NULL, "again and again, until q", KIND_NOTHING, NULL, false                 \
	}
#define NO_WAIT                                                                                              \
	{                                                                                                    \
		NULL, "--no-wait", NULL, "only tell it, and do not wait until it is so", KIND_NOTHING, NULL, \
		    false                                                                                    \
	}
#define DRY(text)                                                                                            \
	{                                                                                                    \
		"-n", "--dry-run", NULL, text, KIND_NOTHING, NULL, false                                     \
	}
#define VALUE(brief, full, value, text, kind, choices)                                                       \
	{                                                                                                    \
		brief, full, value, text, kind, choices, false                                               \
	}
#define FLAG(brief, full, text)                                                                              \
	{                                                                                                    \
		brief, full, NULL, text, KIND_NOTHING, NULL, false                                           \
	}
#define EACH(brief, full, value, text, kind, choices)                                                        \
	{                                                                                                    \
		brief, full, value, text, kind, choices, true                                                \
	}

#define GUEST                                                                                                \
	{                                                                                                    \
		"NAME", KIND_GUEST, ONCE, NULL                                                               \
	}
#define NO_OPERANDS                                                                                          \
	{                                                                                                    \
		{                                                                                            \
			NULL, KIND_NOTHING, ONCE, NULL                                                       \
		}                                                                                            \
	}
#define NO_OPTIONS                                                                                           \
	{                                                                                                    \
		{                                                                                            \
			NULL, NULL, NULL, NULL, KIND_NOTHING, NULL, false                                    \
		}                                                                                            \
	}

static const struct command commands[] = {
    {"init", cmd_init, "a first file for this host, after looking at it", NO_OPERANDS,
	{DRY("only print it"), JSON}},
    {"status", cmd_status, "guests, programs and traffic on one screen; or one guest",
	{{"NAME", KIND_GUEST, MAYBE, NULL}}, {JSON, WATCH}},
    {"usage", cmd_usage, "what each guest moved and is billed", {{"NAME", KIND_GUEST, MAYBE, NULL}},
	{VALUE(NULL, "--by", "hour|day|month", "a row for each", KIND_CHOICE, "hour|day|month"),
	    VALUE(NULL, "--month", "YYYY-MM", "the period that begins in that month", KIND_TEXT, NULL),
	    VALUE(NULL, "--from", "YYYY-MM-DD", "the first day", KIND_TEXT, NULL),
	    VALUE(NULL, "--to", "YYYY-MM-DD", "the last day", KIND_TEXT, NULL), JSON,
	    FLAG(NULL, "--csv", "as a table for a spreadsheet")}},
    {"top", cmd_top, "what moves now", NO_OPERANDS,
	{JSON, VALUE("-n", NULL, "COUNT", "end after so many intervals", KIND_TEXT, NULL),
	    VALUE("-d", NULL, "SECONDS", "how long an interval is, from 0.1", KIND_TEXT, NULL)}},
    {"routes", cmd_routes, "whose a name is, and which line of the file says so",
	{{"DOMAIN", KIND_DOMAIN, MANY, NULL}}, {JSON}},
    {"link", cmd_link, "a link that opens the usage page", {{"NAME", KIND_GUEST, MAYBE, NULL}},
	{FLAG(NULL, "--owner", "the owner's, which shows all guests"),
	    FLAG(NULL, "--new", "another one in its place"), FLAG(NULL, "--revoke", "take it back"), JSON}},
    {"check", cmd_check, "every mistake of the file with its place", NO_OPERANDS, {JSON}},
    {"apply", cmd_apply, "make the host as the file says", NO_OPERANDS,
	{DRY("only show what would change"), JSON}},
    {"renew", cmd_renew, "after an upgrade: what runs gives way to what is installed", NO_OPERANDS,
	NO_OPTIONS},
    {"up", cmd_up, "run all that the file names, without systemd", NO_OPERANDS, NO_OPTIONS},
    {"guest", cmd_guest_list, "the guests there are, and how they are", NO_OPERANDS, {JSON}},
    {"guest list", cmd_guest_list, "the same as guest alone", NO_OPERANDS, {JSON}},
    {"guest create", guest_create, "make a guest: its file and its disk", {GUEST},
	{VALUE(NULL, "--from", "BASE", "debian-12, arch, small, a root tarball or a folder", KIND_FILE,
	     "debian-12|arch|small"),
	    VALUE(NULL, "--disk", "SIZE", "how large the disk is, like 10G", KIND_TEXT, NULL),
	    VALUE(NULL, "--fs", "ext4|xfs", "its file system", KIND_CHOICE, "ext4|xfs"),
	    EACH(NULL, "--domain", "DOMAIN", "a name that leads to it; .x: x and all below it", KIND_TEXT,
		NULL),
	    EACH(NULL, "--ssh-key", "FILE", "who may log in; none: nobody", KIND_FILE, "none"),
	    VALUE(NULL, "--memory", "SIZE", "like 512M", KIND_TEXT, NULL),
	    FLAG(NULL, "--shared", "a disk that holds only what the guest writes"),
	    VALUE(NULL, "--base", "NAME", "likewise, on that base", KIND_TEXT, NULL),
	    FLAG(NULL, "--refresh", "fetch the base anew"), DRY("show its file and make nothing"), JSON}},
    {"guest clone", guest_clone, "another guest with the same disk", {GUEST, {"NEW", KIND_TEXT, ONCE, NULL}},
	{JSON}},
    {"guest resize", guest_resize, "a larger disk", {GUEST, {"SIZE", KIND_TEXT, ONCE, NULL}}, NO_OPTIONS},
    {"guest backup", guest_backup, "its disk and its file in one archive",
	{GUEST, {"FILE", KIND_FILE, ONCE, NULL}},
	{FLAG(NULL, "--live", "while it runs; it stands still for a moment")}},
    {"guest restore", guest_restore, "the guest of an archive again",
	{{"FILE", KIND_FILE, ONCE, NULL}, {"NEW", KIND_TEXT, MAYBE, NULL}}, {JSON}},
    {"guest destroy", guest_destroy, "remove it and its disk", {GUEST},
	{FLAG(NULL, "--yes", "without asking for its name once more")}},
    {"guest bases", guest_bases, "bases that several disks stand on",
	{{"list|check|sweep", KIND_CHOICE, ONCE, "list|check|sweep"}}, {JSON}},
    {"guest start", guest_power, "start it", {GUEST}, {NO_WAIT}},
    {"guest stop", guest_power, "shut it down in good order", {GUEST}, {NO_WAIT}},
    {"guest restart", guest_power, "the one, then the other", {GUEST}, {NO_WAIT}},
    {"guest kill", guest_power, "end it without asking it", {GUEST}, {NO_WAIT}},
    {"guest status", cmd_status, "how it is, in words", {GUEST}, {JSON, WATCH}},
    {"guest cut", guest_traffic, "let none of its traffic through", {GUEST}, NO_OPTIONS},
    {"guest throttle", guest_traffic, "no more than RATE each way, like 1Mbit",
	{GUEST, {"RATE", KIND_TEXT, ONCE, NULL}}, NO_OPTIONS},
    {"guest lift", guest_traffic, "all of its traffic again", {GUEST}, NO_OPTIONS},
    {"ssh", cmd_ssh, "log in to a guest of this host, or run a command there",
	{{"[USER@]NAME", KIND_LOGIN, ONCE, NULL}, {"WORD", KIND_TEXT, REST, NULL}}, NO_OPTIONS},
    {"console", cmd_console, "a guest's console, until Ctrl-]", {GUEST}, {FLAG("-r", NULL, "only look")}},
    {"doctor", cmd_doctor, "what this host can and cannot do, by trying", NO_OPERANDS, {JSON}},
    {"kernel", cmd_kernel_list, "the kernels for guests there are", NO_OPERANDS, {JSON}},
    {"kernel list", cmd_kernel_list, "the same as kernel alone", NO_OPERANDS, {JSON}},
    {"kernel build", cmd_kernel_build, "make a guest's kernel from Debian's source", NO_OPERANDS,
	{VALUE(NULL, "--version", "7.x|6.1", "which; 7.x unless said", KIND_TEXT, "7.x|6.1"),
	    VALUE(NULL, "--output", "FILE", "where to", KIND_FILE, NULL),
	    VALUE("-j", "--jobs", "N", "how many compile at once", KIND_TEXT, NULL),
	    DRY("only say what it would do, and what is missing")}},
    {"kernel test", cmd_kernel_test, "boot a kernel to userspace, and what keeps it from running",
	{{"FILE", KIND_FILE, MAYBE, NULL}}, {JSON}},
    {"completion", cmd_completion, "what your shell reads to complete all this",
	{{"bash|zsh|fish", KIND_CHOICE, ONCE, "bash|zsh|fish"}}, NO_OPTIONS},
    {"complete", cmd_complete, NULL, {{"SHELL", KIND_TEXT, ONCE, NULL}, {"WORD", KIND_TEXT, REST, NULL}},
	NO_OPTIONS},
    {"help", cmd_help, "this text, a command's, or a page of the manual",
	{{"COMMAND|TOPIC", KIND_COMMAND, MANY, NULL}}, NO_OPTIONS},
};

static const struct option global[] = {
    VALUE("-c", "--config", "FILE", "read FILE instead of /etc/lodge/lodge.yaml", KIND_FILE, NULL),
    FLAG("-d", "--debug", "say more on stderr"),
    FLAG("-h", "--help", "what the command takes"),
    FLAG("-V", "--version", "the version"),
    {NULL, NULL, NULL, NULL, KIND_NOTHING, NULL, false},
};

const struct grammar lodge_grammar = {commands, sizeof(commands) / sizeof(commands[0]), global};
