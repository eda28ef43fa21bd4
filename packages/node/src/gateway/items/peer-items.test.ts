import { encodeText } from '@heddle/protocol/base'
import { createItem, verifyItem } from '@heddle/protocol/item'
import { expect, it } from 'vitest'
import { createRuntime, ed25519Signer, nodeCrypto } from '../../runtime/index.ts'
import { createPeerItems } from './peer-items.ts'

// It stands, so that what is remembered for some seconds is, however slow the machine.
const clock = { ...createRuntime().clock, elapsedMs: () => 0 }
const signer = ed25519Signer(new Uint8Array(32).fill(3))
const make = (data: string) => createItem({ data: encodeText(data) }, signer, nodeCrypto)

/** Peers by base URL: what each answers to any id. */
function find(answers: Record<string, () => Response | Promise<Response>>) {
  const asked: string[] = []
  const peerItem = createPeerItems({
    peers: Object.keys(answers),
    fetch: async (url) => {
      asked.push(String(url))
      const peer = Object.keys(answers).find((base) => String(url).startsWith(`${base}/item/`))
      return answers[peer ?? '']?.() ?? new Response('', { status: 404 })
    },
    verify: (item) => verifyItem(item, nodeCrypto),
    engine: nodeCrypto,
    clock,
  })
  return { peerItem, asked }
}

it('asks one peer after another, past those that are down, lie or send too much', async () => {
  const wanted = await make('wanted')
  const other = await make('other')
  const forged = wanted.bytes.slice()
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  const { peerItem, asked } = find({
    'http://down': () => Promise.reject(new Error('refused')),
    'http://empty': () => new Response('', { status: 404 }),
    'http://other': () => new Response(Buffer.from(other.bytes)),
    'http://forger': () => new Response(Buffer.from(forged)),
    'http://flood': () => new Response(Buffer.alloc(11 * 1024 * 1024)),
    'http://honest': () => new Response(Buffer.from(wanted.bytes)),
  })
  const item = await peerItem(wanted.id)
  expect(item?.id).toBe(wanted.id)
  expect(asked).toHaveLength(6)
})

it('asks once for what several want at a time, and not again at once for what nobody has', async () => {
  const { peerItem, asked } = find({ 'http://empty': () => new Response('', { status: 404 }) })
  const { id } = await make('absent')
  expect(await Promise.all([peerItem(id), peerItem(id)])).toEqual([undefined, undefined])
  expect(await peerItem(id)).toBeUndefined()
  expect(asked).toHaveLength(1)
})
