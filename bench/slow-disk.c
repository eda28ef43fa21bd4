/*
 * Preloaded into a process, makes its disk one whose syncs take longer: fsync, fdatasync, and writes to files
 * opened with O_DSYNC or O_SYNC. HEDDLE_SYNC_US says by how many microseconds.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILES 65536
static unsigned char is_durable[FILES];

static void wait_for_disk(void) {
  const char *given = getenv("HEDDLE_SYNC_US");
  long us = given ? atol(given) : 0;
  struct timespec left = {us / 1000000, us % 1000000 * 1000};
  while (nanosleep(&left, &left) != 0) {
  }
}

static void note(int file, int flags) {
  if (file >= 0 && file < FILES) is_durable[file] = (flags & O_DSYNC) != 0;
}

static void after_write(int file) {
  if (file >= 0 && file < FILES && is_durable[file]) wait_for_disk();
}

/* Looked up once; two threads that both do find the same. */
#define REAL(name)                                          \
  ({                                                        \
    static __typeof__(&name) real;                          \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
    real;                                                   \
  })

#define OPEN(name)                                          \
  int name(const char *path, int flags, ...) {              \
    va_list rest;                                           \
    va_start(rest, flags);                                  \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                           \
    int file = REAL(name)(path, flags, mode);               \
    note(file, flags);                                      \
    return file;                                            \
  }
OPEN(open)
OPEN(open64)

#define SYNC(name)                                          \
  int name(int file) {                                      \
    int failed = REAL(name)(file);                          \
    wait_for_disk();                                        \
    return failed;                                          \
  }
SYNC(fsync)
SYNC(fdatasync)

#define WRITE(name, parameters, ...)                        \
  ssize_t name parameters {                                 \
    ssize_t written = REAL(name)(__VA_ARGS__);              \
    after_write(file);                                      \
    return written;                                         \
  }
WRITE(write, (int file, const void *bytes, size_t length), file, bytes, length)
WRITE(writev, (int file, const struct iovec *parts, int count), file, parts, count)
WRITE(pwrite, (int file, const void *bytes, size_t length, off_t at), file, bytes, length, at)
WRITE(pwrite64, (int file, const void *bytes, size_t length, off64_t at), file, bytes, length, at)
WRITE(pwritev, (int file, const struct iovec *parts, int count, off_t at), file, parts, count, at)
WRITE(pwritev64, (int file, const struct iovec *parts, int count, off64_t at), file, parts, count, at)
