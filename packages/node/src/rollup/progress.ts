import { decodeBase64Url, decodeText, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { Rollup } from './make-rollup.ts'
import type { RollupDeps } from './ports.ts'

/** A rollup as the journal remembers it. It is written before the item is kept. */
export type Noted = {
  readonly id: string
  readonly fromSlot: number
  readonly toSlot: number
  readonly previous: string | undefined
  readonly checkpoint: string | undefined
  readonly resultChain: Uint8Array | undefined
}

/**
 * How far each process is rolled up. A rollup is noted first and kept then, and the next one is noted
 * only after that; so after a crash only the last note may name an item that is not kept.
 */
export class Progress {
  readonly #deps: Pick<RollupDeps, 'journal' | 'epoch'>

  constructor(deps: Pick<RollupDeps, 'journal' | 'epoch'>) {
    this.#deps = deps
  }

  async last(processId: string): Promise<Noted | undefined> {
    const { journal } = this.#deps
    const head = journal.head(processId)
    const [record] = head === 0 ? [] : await journal.read(processId, head - 1, 1)
    return record && decode(record.bytes)
  }

  /** Durable when it resolves. */
  async note({ item, statement }: Rollup): Promise<Noted> {
    const { journal, epoch } = this.#deps
    const { processId, ...rest } = statement
    const noted = { id: item.id, ...rest }
    await journal.append(processId, journal.head(processId), epoch, [encode(noted)])
    return noted
  }
}

function encode({ resultChain, ...rest }: Noted): Uint8Array {
  const chain = resultChain && { resultChain: encodeBase64Url(resultChain) }
  return encodeText(JSON.stringify({ ...rest, ...chain }))
}

function decode(bytes: Uint8Array): Noted {
  const { resultChain, previous, checkpoint, ...rest } = JSON.parse(decodeText(bytes))
  const chain = resultChain === undefined ? undefined : decodeBase64Url(resultChain)
  return { ...rest, previous, checkpoint, resultChain: chain }
}
