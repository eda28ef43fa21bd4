import { errno } from './errno.ts'
import {
  address,
  type Host,
  type HostFunction,
  memoryBytes,
  memoryView,
  readPath,
  readPointer,
  touch,
  wide,
  writePointer,
} from './host.ts'

/**
 * A file system with nothing in it but the drive's files and models: 0, 1 and 2 are a terminal (empty
 * input), and only models can be written. A guest that keeps files would keep state outside its memory.
 */
const openCreate = 0o100
const openWriting = 0o3
const duplicateCommands = { getDescriptor: 1, setDescriptor: 2, getStatus: 3, setStatus: 4 }
const windowSizeRequest = 0x5413
/** As much of one write reaches the print sink; a guest may name one buffer many times. */
const printedBytes = 65_536

function isTerminal(descriptor: number): boolean {
  return descriptor >= 0 && descriptor <= 2
}

function isFile(host: Host, descriptor: number): boolean {
  return host.files?.has(descriptor) === true
}

function descriptorError(descriptor: number, otherwise: number): number {
  return isTerminal(descriptor) ? otherwise : errno.badFile
}

function write(host: Host, descriptor: number, vectors: number, count: number, result: number) {
  const file = host.files?.isWritable(descriptor) === true ? host.files : undefined
  if (!isTerminal(descriptor) && file === undefined) return errno.badFile
  const view = memoryView(host)
  const memory = memoryBytes(host)
  const parts: Uint8Array[] = []
  let total = 0
  for (let i = 0; i < count; i++) {
    const entry = address(host, vectors) + i * 2 * host.pointerBytes
    const start = readPointer(host, view, entry)
    const length = readPointer(host, view, entry + host.pointerBytes)
    if (start + length > memory.length) throw new RangeError('a buffer leaves the memory')
    file?.write(descriptor, memory.subarray(start, start + length))
    if (host.print && file === undefined && total < printedBytes)
      parts.push(memory.subarray(start, start + Math.min(length, printedBytes - total)))
    total += length
  }
  writePointer(host, view, address(host, result), total)
  if (host.print && parts.length > 0) host.print(Buffer.concat(parts).toString('utf8'))
  return 0
}

function read(host: Host, descriptor: number, vectors: number, count: number, result: number) {
  if (!isTerminal(descriptor) && !isFile(host, descriptor)) return errno.badFile
  let total = 0
  for (let i = 0; isFile(host, descriptor) && i < count; i++) {
    const entry = address(host, vectors) + i * 2 * host.pointerBytes
    const start = readPointer(host, memoryView(host), entry)
    const length = readPointer(host, memoryView(host), entry + host.pointerBytes)
    const copied = host.files?.read(host, descriptor, start, length) ?? 0
    total += copied
    if (copied < length) break
  }
  writePointer(host, memoryView(host), address(host, result), total)
  return 0
}

/** fd_seek(descriptor, offset, whence, result): the offset is one argument or two. */
function seek(host: Host, descriptor: number, ...args: number[]) {
  if (!isFile(host, descriptor)) return descriptorError(descriptor, errno.cannotSeek)
  const [whence = -1, result = 0] = args.slice(-2)
  const position = host.files?.seek(host, descriptor, wide(args.slice(0, -2)), whence)
  if (position === undefined) return errno.invalid
  touch(host, address(host, result), 8)
  memoryView(host).setBigInt64(address(host, result), BigInt(position), true)
  return 0
}

function close(host: Host, descriptor: number) {
  return host.files?.close(descriptor) === true ? 0 : descriptorError(descriptor, 0)
}

/** struct fdstat: file type u8 (2 a character device, 4 a file), flags u16, rights 2 × u64. */
function describe(host: Host, descriptor: number, result: number) {
  if (!isTerminal(descriptor) && !isFile(host, descriptor)) return errno.badFile
  const at = address(host, result)
  touch(host, at, 24)
  memoryBytes(host).fill(0, at, at + 24)
  memoryView(host).setUint8(at, isFile(host, descriptor) ? 4 : 2)
  return 0
}

function open(host: Host, _folder: number, path: number, flags: number) {
  const writes = (flags & (openCreate | openWriting)) !== 0
  const { files } = host
  const mayBeThere = files !== undefined && (!writes || files.opensWritable)
  const opened = mayBeThere && files.open(host, readPath(host, address(host, path)), writes)
  return opened || -(flags & openCreate ? errno.readOnly : errno.noEntry)
}

function control(host: Host, descriptor: number, command: number) {
  if (!isTerminal(descriptor) && !isFile(host, descriptor)) return -errno.badFile
  if (command === duplicateCommands.getStatus) return isTerminal(descriptor) ? 2 : 0
  const known = Object.values(duplicateCommands).includes(command)
  return known ? 0 : -errno.invalid
}

/** The terminal has 24 rows of 80: C libraries then write line by line. */
function controlDevice(host: Host, descriptor: number, request: number, varargs: number) {
  if (isFile(host, descriptor)) return -errno.notTerminal
  if (!isTerminal(descriptor)) return -errno.badFile
  if (request !== windowSizeRequest) return -errno.notTerminal
  const view = memoryView(host)
  const size = readPointer(host, view, address(host, varargs))
  touch(host, size, 4)
  view.setUint16(size, 24, true)
  view.setUint16(size + 2, 80, true)
  return 0
}

function currentFolder(host: Host, buffer: number, size: number) {
  if (address(host, size) < 2) return -errno.range
  touch(host, address(host, buffer), 2)
  memoryBytes(host).set([0x2f, 0], address(host, buffer))
  return 2
}

function emptyList(host: Host, count: number, bytes: number) {
  const view = memoryView(host)
  writePointer(host, view, address(host, count), 0)
  writePointer(host, view, address(host, bytes), 0)
  return 0
}

const absent: HostFunction = () => -errno.noEntry
const readOnly: HostFunction = () => -errno.readOnly
const unsupported: HostFunction = () => -errno.noSystem
const onDescriptor: HostFunction = (_host, descriptor = -1) =>
  -descriptorError(descriptor, errno.invalid)

export const fileImports: Readonly<Record<string, HostFunction>> = {
  'wasi_snapshot_preview1.fd_write': write,
  'wasi_snapshot_preview1.fd_read': read,
  'wasi_snapshot_preview1.fd_close': close,
  'wasi_snapshot_preview1.fd_seek': seek,
  'wasi_snapshot_preview1.fd_sync': (_host, descriptor = -1) =>
    descriptorError(descriptor, errno.invalid),
  'wasi_snapshot_preview1.fd_fdstat_get': describe,
  'wasi_snapshot_preview1.environ_sizes_get': emptyList,
  'wasi_snapshot_preview1.environ_get': () => 0,
  'env.__syscall_openat': open,
  'env.__syscall_fcntl64': control,
  'env.__syscall_ioctl': controlDevice,
  'env.__syscall_getcwd': currentFolder,
  'env.__syscall_dup': (_host, descriptor = -1) => -descriptorError(descriptor, errno.tooManyFiles),
  'env.__syscall_dup3': (_host, descriptor = -1) =>
    -descriptorError(descriptor, errno.tooManyFiles),
  'env.__syscall_unlinkat': absent,
  'env.__syscall_rmdir': absent,
  'env.__syscall_renameat': absent,
  'env.__syscall_readlinkat': absent,
  'env.__syscall_stat64': absent,
  'env.__syscall_lstat64': absent,
  'env.__syscall_newfstatat': absent,
  'env.__syscall_faccessat': absent,
  'env.__syscall_chmod': absent,
  'env.__syscall_utimensat': absent,
  'env.__syscall_chdir': absent,
  'env.__syscall_truncate64': absent,
  'env.__syscall_mkdirat': readOnly,
  'env.__syscall_symlink': readOnly,
  'env.__syscall_fstat64': onDescriptor,
  'env.__syscall_fchmod': onDescriptor,
  'env.__syscall_fchown32': onDescriptor,
  'env.__syscall_ftruncate64': onDescriptor,
  'env.__syscall_getdents64': onDescriptor,
  'env.__syscall_fdatasync': onDescriptor,
  'env._mmap_js': unsupported,
  'env._munmap_js': unsupported,
  'env._emscripten_system': (_host, command = 0) => (command === 0 ? 0 : -errno.noSystem),
}
