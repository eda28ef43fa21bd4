import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { Tag, UploadState } from '@heddle/sdk'

/** What is kept beside a file while it is uploaded, so that another try goes on. */
type Kept = {
  readonly state: UploadState
  readonly url: string
  readonly modifiedMs: number
  readonly tags: readonly Tag[]
}

export type UploadFacts = Omit<Kept, 'state'> & { readonly owner: string | undefined }

/** The state of an earlier try, if file, node, tags and signer are still the same. */
export async function readUploadState(
  path: string,
  facts: UploadFacts,
): Promise<UploadState | undefined> {
  try {
    const { state, ...before } = JSON.parse(await readFile(path, 'utf8')) as Kept
    return JSON.stringify(before) === JSON.stringify(facts) ? state : undefined
  } catch {
    return undefined
  }
}

/** Writes states one after another, each as a whole. */
export function createStateWriter(path: string, facts: UploadFacts) {
  let writing: Promise<void> = Promise.resolve()
  return (state: UploadState): Promise<void> => {
    const text = JSON.stringify({ ...facts, state })
    writing = writing.then(async () => {
      await writeFile(`${path}.new`, text, { mode: 0o600 })
      await rename(`${path}.new`, path)
    })
    return writing
  }
}

export async function removeUploadState(path: string): Promise<void> {
  await rm(path, { force: true })
}
