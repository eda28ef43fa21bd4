/** What this room reads from the disk: runtime's `Disk` fits. */
export type DiskPort = {
  /** The whole file, or undefined where absent. */
  read(path: string): Promise<Uint8Array | undefined>
}
