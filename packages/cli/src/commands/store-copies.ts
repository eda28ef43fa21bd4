import { decodeBase64Url } from '@heddle/protocol/base'
import { createItem } from '@heddle/protocol/item'
import { keeperStakeDraft } from '@heddle/protocol/registry'
import type { Transport } from '@heddle/sdk'
import { type Given, idArgument, usageError } from '../command.ts'
import { connect, findSigner } from '../connect.ts'
import { answer, withProgress } from '../output.ts'

/** Who holds the copies of an item, as a node tells it. */
export type CopiesAnswer = {
  readonly id: string
  readonly copies: number
  readonly own: boolean
  readonly short: number
  readonly holders: readonly {
    readonly url: string
    readonly address: string
    readonly state: 'held' | 'failed'
    readonly provenMs: number
    readonly failures: number
    readonly error?: string
  }[]
}

export async function readCopies(
  transport: Transport,
  id: string,
  signal: AbortSignal,
): Promise<CopiesAnswer> {
  return (await transport.get(`/store/copies/${id}`, signal)).json() as CopiesAnswer
}

/** One line a holder, after one that counts. */
export function copiesRow({ copies, own, short, holders }: CopiesAnswer): string[] {
  const missing = short === 0 ? '' : `, ${short} MISSING`
  const rows = holders.map(({ url, address, state, provenMs, failures, error }) => {
    const proven = new Date(provenMs).toISOString()
    const failed = failures === 0 ? '' : `; ${failures} challenges failed since: ${error ?? ''}`
    return `${state === 'held' ? 'held at ' : 'FAILED  '} ${url}  ${address}  proven ${proven}${failed}`
  })
  const self = own ? ['held at  the node itself'] : []
  return [`copies   ${copies} promised${missing}`, ...self, ...rows]
}

/** `heddle store copies ID`: who holds an item, and when each proved it last; 1 where copies are missing. */
export async function showCopies(id: string, { flags, signal }: Given): Promise<number> {
  const { transport } = connect(flags)
  const asking = readCopies(transport, idArgument('kept item', id), signal)
  const copies = await withProgress('asking', asking)
  answer(flags.json === true, copies, copiesRow(copies).join('\n'))
  return copies.short === 0 ? 0 : 1
}

/** `heddle store stake ADDRESS WINSTON`: the wallet's address says what a keeper has at stake. */
export async function giveStake(keeper: string, amount: string, given: Given): Promise<number> {
  const { flags, signal } = given
  if (decodeBase64Url(keeper)?.length !== 32 || !/^\d{1,26}$/.test(amount)) {
    throw usageError('heddle store stake: name a keeper by its address, and winston as digits')
  }
  const signer = await findSigner(flags)
  const { nodeCrypto, createRuntime } = await import('@heddle/node/runtime')
  // New even where the same was said before: the last one counts.
  const anchor = createRuntime().random.bytes(32)
  const draft = { ...keeperStakeDraft(keeper, BigInt(amount)), anchor }
  const { id, bytes } = await createItem(draft, signer, nodeCrypto)
  const { transport } = connect(flags)
  await transport.post('/v1/tx', new Uint8Array(bytes), 'application/octet-stream', signal)
  answer(
    flags.json === true,
    { id, keeper, stake: amount },
    `stake ${amount}  ${keeper}\nitem  ${id}`,
  )
  return 0
}
