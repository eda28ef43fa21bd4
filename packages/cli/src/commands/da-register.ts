import { decodeBase64Url, encodeBase64Url } from '@heddle/protocol/base'
import { blsKeyBytes } from '@heddle/protocol/certificate'
import { createItem, type ItemDraft, type Signer } from '@heddle/protocol/item'
import { storerRegistrationDraft, storerStakeDraft } from '@heddle/protocol/registry'
import { type Flags, type Given, numberFlag, textFlag, usageError } from '../command.ts'
import { connect, findSigner } from '../connect.ts'
import { answer } from '../output.ts'

const portMax = 65_535

/** `heddle da register --data DIR --host HOST --lane-port PORT`: a storer tells the base layer of itself. */
export async function registerCommandOfDa({ flags, signal }: Given): Promise<number> {
  const data = textFlag(flags, 'data')
  const host = textFlag(flags, 'host')
  const port = numberFlag(flags, 'lane-port', portMax)
  if (data === undefined || host === undefined || port === undefined) {
    throw usageError('heddle da register: give --data DIR, --host HOST and --lane-port PORT')
  }
  // Loaded here, since most commands need no node.
  const { loadStorerKeys } = await import('@heddle/node/da')
  const { createRuntime } = await import('@heddle/node/runtime')
  const { bls, lane } = await loadStorerKeys(createRuntime(), data)
  const placement = textFlag(flags, 'placement')?.split(',') ?? []
  const draft = storerRegistrationDraft(bls, lane.owner, { host, port, placement })
  const id = await post(flags, draft, lane, signal)
  const key = encodeBase64Url(bls.key)
  const text = `registered  ${key}\nitem        ${id}`
  answer(flags.json === true, { id, storer: key, host, port, placement }, text)
  return 0
}

/** `heddle da stake STORER AMOUNT`: the wallet's address gives a storer its stake; 0 takes it out. */
export async function stakeCommandOfDa({ values, flags, signal }: Given): Promise<number> {
  const [storer = '', amount = ''] = values
  const key = decodeBase64Url(storer)
  if (key?.length !== blsKeyBytes || !/^\d{1,20}$/.test(amount)) {
    throw usageError('heddle da stake: name a storer by its key, and a stake as a whole number')
  }
  const id = await post(
    flags,
    storerStakeDraft(key, BigInt(amount)),
    await findSigner(flags),
    signal,
  )
  answer(
    flags.json === true,
    { id, storer, stake: amount },
    `stake ${amount}  ${storer}\nitem  ${id}`,
  )
  return 0
}

/** Posts an item that is new even where the same was said before: the last one counts. */
async function post(
  flags: Flags,
  draft: ItemDraft,
  signer: Signer,
  signal: AbortSignal,
): Promise<string> {
  const { nodeCrypto, createRuntime } = await import('@heddle/node/runtime')
  const anchor = createRuntime().random.bytes(32)
  const { id, bytes } = await createItem({ ...draft, anchor }, signer, nodeCrypto)
  const { transport } = connect(flags)
  const body = new Uint8Array(bytes)
  await transport.post('/v1/tx', body, 'application/octet-stream', signal)
  return id
}
