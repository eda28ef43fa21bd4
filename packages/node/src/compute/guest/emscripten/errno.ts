/** WASI error numbers (wasi_snapshot_preview1 `errno`), which emscripten's libc uses throughout. */
export const errno = {
  badFile: 8,
  invalid: 28,
  tooManyFiles: 33,
  noEntry: 44,
  noSystem: 52,
  notTerminal: 59,
  range: 68,
  readOnly: 69,
  cannotSeek: 70,
} as const
