/** What a run leaves: whoever has the dataset can make it again and compare. */
export type TrainingRecord = {
  readonly version: 1
  readonly kernels: string
  readonly dataset: string
  readonly tokenizer: string
  readonly plan: Readonly<Record<string, number>>
  readonly shape: Readonly<Record<string, number | boolean>>
  /** SHA-256 of the checkpoint after so many steps. */
  readonly checkpoints: readonly { readonly step: number; readonly digest: string }[]
  /** SHA-256 of the model's file. */
  readonly model: string
}

/** Steps whose digests a record has: some early ones for a quick check, then every so many. */
export function isRecorded(step: number, every: number, last: number): boolean {
  return step === 0 || step === 2 || step === last || step % every === 0
}
