/** Wall time and elapsed time. The only place a node learns either. */
export type Clock = {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** Milliseconds since some fixed moment; never goes back. */
  elapsedMs(): number
}

export type Random = {
  bytes(length: number): Uint8Array
}

export type Cancel = () => void

export type Timer = {
  /** Runs once after `delayMs`; the timer alone does not keep the process alive. */
  after(delayMs: number, run: () => void): Cancel
  /** Resolves after `delayMs`; rejects with the signal's reason if aborted before. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** An open file. Positions and lengths are bytes. Every call may fail with the system's error (`code` as in errno). */
export type File = {
  /** Writes all buffers one after another from `position`; resolves when the system has taken all of them. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>
  /**
   * `write` and `sync` as one: resolves when the buffers, and all written before, are on the disk. One
   * trip to the system where it can (O_DSYNC); after a rejection nothing is known of either.
   */
  writeDurably(buffers: readonly Uint8Array[], position: number): Promise<void>
  /** Fills `into` from `position`; returns the bytes read, fewer only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>
  /** fdatasync: what was written before is on the disk when this resolves. */
  sync(): Promise<void>
  truncate(lengthBytes: number): Promise<void>
  sizeBytes(): Promise<number>
  close(): Promise<void>
}

export type Disk = {
  /** Opens for reading and writing, creating the file where absent. */
  open(path: string): Promise<File>
  /** Names in a folder, sorted; empty where it does not exist. */
  list(folder: string): Promise<string[]>
  makeFolder(folder: string): Promise<void>
  /** The whole file, or undefined where absent. */
  read(path: string): Promise<Uint8Array | undefined>
  /** Replaces a file as one step (write aside, sync, rename, sync the folder): old or new, never a mix. */
  replace(path: string, bytes: Uint8Array): Promise<void>
  remove(path: string): Promise<void>
  /** Makes creations, renames and removals in a folder durable. */
  syncFolder(folder: string): Promise<void>
}

/** One TCP connection: bytes in order, both ways, at the pace of whoever takes them. */
export type Socket = {
  /** Address and port of the other end. */
  readonly remote: string
  /** The next bytes as they came; undefined once the connection is over. Asked one at a time. */
  read(): Promise<Uint8Array | undefined>
  /** Sends all parts without copying; resolves when the system has them and they may change again. */
  write(parts: readonly Uint8Array[]): Promise<void>
  /** Ends it at once; what waits on it ends or rejects. */
  destroy(): void
}

export type SocketServer = {
  readonly port: number
  /** Takes no more connections; those there are stay. */
  close(): Promise<void>
}

export type Sockets = {
  connect(host: string, port: number, signal: AbortSignal): Promise<Socket>
  /** Port 0 lets the system choose. */
  listen(
    at: { readonly host: string; readonly port: number; readonly connectionsMax: number },
    onSocket: (socket: Socket) => void,
  ): Promise<SocketServer>
}

export type Runtime = {
  readonly clock: Clock
  readonly random: Random
  readonly timer: Timer
  readonly disk: Disk
}
