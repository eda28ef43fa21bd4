/** Where weights come from. Whoever hands one over has verified what it returns. */
export type WeightSource = {
  readonly sizeBytes: number
  /** Fills all of `into` from byte `position` of the file; rejects where it cannot. */
  read(into: Uint8Array, position: number): Promise<void>
}

export type InferencePorts = {
  /** Reads the compiled kernels; the runtime's disk fits. */
  readonly disk: { read(path: string): Promise<Uint8Array | undefined> }
  readonly crypto: { sha256(bytes: Uint8Array): Uint8Array }
}
