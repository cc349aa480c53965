#define _GNU_SOURCE
#include "causeway_linux.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

const int causeway_new_user = CLONE_NEWUSER;
const int causeway_new_pid = CLONE_NEWPID;
const int causeway_new_net = CLONE_NEWNET;
const int causeway_new_mount = CLONE_NEWNS;
const int causeway_new_uts = CLONE_NEWUTS;
const int causeway_new_ipc = CLONE_NEWIPC;

// From linux/close_range.h, which older kernel headers lack.
enum { close_range_on_exec = 4 };

void causeway_return_free_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void causeway_limit_heaps(int count) {
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, count);
#else
    (void)count;
#endif
}

int causeway_fork(void) { return fork(); }

int causeway_unshare(int flags) { return unshare(flags); }

int causeway_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int causeway_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

int causeway_close_from(unsigned int first) { return (int)syscall(SYS_close_range, first, ~0U, 0); }

int causeway_close_on_exec_from(unsigned int first) {
    return (int)syscall(SYS_close_range, first, ~0U, close_range_on_exec);
}

int causeway_signal_descriptor(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int causeway_reset_signals(void) {
    // 32 and 33 are the C library's own and cannot be changed; SIGKILL and SIGSTOP neither.
    for (int number = 1; number <= SIGRTMAX; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

int causeway_make_mounts_private(void) { return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL); }

int causeway_mount_proc(void) { return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL); }

// From linux/mount.h and linux/fcntl.h, whose names clash with those of sys/mount.h.
enum {
    tree_clone = 1,
    tree_close_on_exec = O_CLOEXEC,
    recursive = 0x8000,
    no_symlink = 0x100,
    empty_path = 0x1000,
    move_from_empty_path = 4,
};
struct mount_attributes {
    unsigned long long set, clear, propagation, user_namespace;
};
enum { attribute_read_only = 1 };

int causeway_open_tree(int folder, const char *path, int follows_links) {
    unsigned int flags = tree_clone | tree_close_on_exec | recursive | (follows_links ? 0 : no_symlink);
    return (int)syscall(SYS_open_tree, folder, path, flags);
}

int causeway_make_tree_read_only(int tree) {
    struct mount_attributes attributes = {.set = attribute_read_only};
    return (int)syscall(SYS_mount_setattr, tree, "", empty_path, &attributes, sizeof attributes);
}

int causeway_attach_tree(int tree, const char *target) {
    return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, target, move_from_empty_path);
}

int causeway_mount_memory(const char *target, const char *options) {
    return mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, options);
}

int causeway_make_unbindable(const char *path) { return mount("none", path, NULL, MS_UNBINDABLE, NULL); }

int causeway_change_root(const char *root) {
    if (chdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0) return -1;
    // The old root is now mounted over the new one.
    return umount2(".", MNT_DETACH) == 0 ? chdir("/") : -1;
}

int causeway_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }

int causeway_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int causeway_enter_namespaces(int pidfd, int flags) { return setns(pidfd, flags); }

int causeway_control_terminal(int file) { return ioctl(file, TIOCSCTTY, 0); }

int causeway_open_terminal(int devices, int *ends) {
    int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
    int screen = openat(devices, devices < 0 ? "/dev/ptmx" : "ptmx", flags);
    if (screen < 0) return -1;
    // By its screen, not by its name: the name may be another terminal's here.
    int program = unlockpt(screen) == 0 ? ioctl(screen, TIOCGPTPEER, flags) : -1;
    if (program < 0) {
        int failure = errno;
        close(screen);
        errno = failure;
        return -1;
    }
    ends[0] = screen;
    ends[1] = program;
    return 0;
}

int causeway_resize_terminal(int file, unsigned short columns, unsigned short rows) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(file, TIOCSWINSZ, &size);
}

int causeway_socket_pair(int *ends) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends); }

static int socket_in(int folder, const char *name, int flags, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", folder, name);
    if (length >= (int)sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}

int causeway_listen_in(int folder, const char *name) {
    struct sockaddr_un address;
    int file = socket_in(folder, name, SOCK_NONBLOCK, &address);
    if (file < 0) return -1;
    unlinkat(folder, name, 0);
    if (bind(file, (struct sockaddr *)&address, sizeof address) != 0 || listen(file, 64) != 0) {
        int failure = errno;
        close(file);
        errno = failure;
        return -1;
    }
    return file;
}

int causeway_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int causeway_connect_in(int folder, const char *name) {
    struct sockaddr_un address;
    int file = socket_in(folder, name, 0, &address);
    if (file < 0) return -1;
    if (connect(file, (struct sockaddr *)&address, sizeof address) != 0) {
        int failure = errno;
        close(file);
        errno = failure;
        return -1;
    }
    return file;
}

int causeway_send_descriptor(int socket, int file) {
    char byte = 'd';
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.space};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof file);
    memcpy(CMSG_DATA(header), &file, sizeof file);
    return (int)sendmsg(socket, &message, MSG_NOSIGNAL);
}

int causeway_receive_descriptor(int socket, char *byte) {
    *byte = 0;
    struct iovec part = {.iov_base = byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.space};
    errno = 0;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1) return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(sizeof(int)))
        return -1;
    int file;
    memcpy(&file, CMSG_DATA(header), sizeof file);
    return file;
}
