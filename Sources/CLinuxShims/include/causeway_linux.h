#ifndef CAUSEWAY_LINUX_H
#define CAUSEWAY_LINUX_H


// Plain functions for system calls that Swift cannot import: variadic ones, ones behind _GNU_SOURCE, and fork.
// Each returns what the system call returns, with errno set.

// mallopt(3), M_ARENA_MAX: so many heaps for all threads together.
void causeway_limit_heaps(int count);

// malloc_trim(3): gives pages that are free within the heap back to the system.
void causeway_return_free_memory(void);
// fork(2). Only for a process with one thread.
int causeway_fork(void);
// unshare(2) with a sum of the CAUSEWAY_NEW_... flags.
int causeway_unshare(int flags);
// Makes orphaned descendants children of this process.
int causeway_become_subreaper(void);
// Has the kernel kill this process when its parent dies.
int causeway_die_with_parent(void);
// Closes all descriptors from `first` on.
int causeway_close_from(unsigned int first);
// Marks all descriptors from `first` on to be closed by execve.
int causeway_close_on_exec_from(unsigned int first);
// Blocks the `count` signals and returns a descriptor that reports them.
int causeway_signal_descriptor(const int *signals, int count);
// Unblocks all signals and gives them their default action.
int causeway_reset_signals(void);
// Makes mounts of this mount namespace invisible to others.
int causeway_make_mounts_private(void);
// Mounts a fresh proc file system on /proc.
int causeway_mount_proc(void);
// open_tree(2): a copy of what is mounted at a path and below it, as a descriptor that execve closes; mounted nowhere yet.
int causeway_open_tree(int folder, const char *path, int follows_links);
// mount_setattr(2): makes such a copy read-only, what is mounted below it excepted.
int causeway_make_tree_read_only(int tree);
// move_mount(2): mounts such a copy on a path.
int causeway_attach_tree(int tree, const char *target);
// Mounts a new file system in memory; options as mount(8) has them, such as `mode=0755,size=4096`.
int causeway_mount_memory(const char *target, const char *options);
// Keeps copies of the mounts around it from holding this one.
int causeway_make_unbindable(const char *path);
// pivot_root(2) to what is mounted at `root`, and lets the old root go.
int causeway_change_root(const char *root);
// Makes a pipe whose ends execve closes: reads from ends[0], writes to ends[1].
int causeway_pipe(int *ends);
// pidfd_open(2).
int causeway_pidfd_open(int pid);
// setns(2) into all namespaces named by `flags` of the process behind a pidfd; needs a single thread for most.
int causeway_enter_namespaces(int pidfd, int flags);
// Makes descriptor `file` the controlling terminal of the calling session leader.
int causeway_control_terminal(int file);
// Opens a terminal: ends[0] for its screen and keyboard, ends[1] for programs; execve closes both. `devices` is the machine's
// own /dev, open, or negative for what is at /dev now.
int causeway_open_terminal(int devices, int *ends);
// Gives a terminal a size.
int causeway_resize_terminal(int file, unsigned short columns, unsigned short rows);
// Makes a pair of connected stream sockets that execve closes.
int causeway_socket_pair(int *ends);
// Listens on a Unix socket of this name in an open folder, whatever the length of its path; replaces an old one. Never
// blocks; execve closes it.
int causeway_listen_in(int folder, const char *name);
// Accepts a connection: never blocks, execve closes it.
int causeway_accept(int listener);
// Connects to what causeway_listen_in made.
int causeway_connect_in(int folder, const char *name);
// Sends one byte and a descriptor over a Unix socket.
int causeway_send_descriptor(int socket, int file);
// Receives what causeway_send_descriptor sent: the descriptor, which execve closes, or -1 where none came; `byte` is what
// came with it, 0 at the end of the stream.
int causeway_receive_descriptor(int socket, char *byte);

extern const int causeway_new_user;
extern const int causeway_new_pid;
extern const int causeway_new_net;
extern const int causeway_new_mount;
extern const int causeway_new_uts;
extern const int causeway_new_ipc;

#endif
