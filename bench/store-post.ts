import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { arweaveSigner, createRuntime, nodeCrypto } from '@heddle/node/runtime'
import {
  dataRootOf,
  signTransaction,
  transactionPayload,
  transactionToJson,
} from '@heddle/protocol/arweave'
import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { type Child, startChild } from './child.ts'
import { postAll } from './load.ts'
import { installPeer } from './peers.ts'
import { quantile, remark, report } from './report.ts'

const rounds = 3
const peerPosts = 16
/** Rounds' worth of posts before it counts: what runs for days is compiled by then. */
const warmRounds = 3
const connections = 32
const dataBytes = 1024

const peerPatienceMs = 60_000
const { clock, random, timer } = createRuntime()

type Wallet = ReturnType<typeof arweaveSigner>

function newWallet(): Wallet {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
  return arweaveSigner(privateKey.export({ format: 'jwk' }) as Parameters<typeof arweaveSigner>[0])
}

/** Ready to post: 1 KB of data, three tags, no two alike. */
async function signPosts(wallet: Wallet, count: number): Promise<Uint8Array[]> {
  const bodies: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const data = random.bytes(dataBytes)
    const tags = [
      { name: 'Content-Type', value: 'application/octet-stream' },
      { name: 'App-Name', value: 'bench' },
      { name: 'N', value: String(i) },
    ]
    const content = {
      data,
      dataRoot: dataRootOf([data], nodeCrypto),
      tags,
      // What arlocal takes without asking it first; data and tags make each transaction another.
      lastTx: new Uint8Array(0),
    }
    const transaction = await signTransaction(content, wallet, nodeCrypto)
    bodies.push(encodeText(JSON.stringify(transactionToJson(transaction))))
  }
  return bodies
}

async function perSecond(url: string, bodies: readonly Uint8Array[]): Promise<number> {
  const startMs = clock.elapsedMs()
  await postAll(`${url}/tx`, bodies, connections, 'application/json')
  return (1000 * bodies.length) / (clock.elapsedMs() - startMs)
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** A peer that hangs must not hang the bench. */
async function giveUp(what: string): Promise<never> {
  await timer.sleep(peerPatienceMs)
  throw new Error(`${what} within ${peerPatienceMs} ms`)
}

type Peer = { readonly url: string; stop(): void }

/** arlocal with its database on disk; its release asks for a git repository, so that is replaced. */
async function openPeer(wallet: Wallet): Promise<Peer | undefined> {
  // Its SQLite addon is compiled against the headers that are there; Node's addon interface is stable.
  process.env.npm_config_nodedir ??= '/usr'
  const install = { overrides: { avsc: '5.7.7' }, scripts: true }
  const found = installPeer('arlocal', '1.1.66', ['--omit=dev'], install)
  if ('missing' in found) {
    remark(`arlocal is not measured: ${found.missing}`)
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'heddle-arlocal-'))
  const script = new URL('arlocal-peer.mjs', import.meta.url).pathname
  const port = await freePort()
  const args = ['--no-warnings', script, found.path, join(folder, 'db'), String(port)]
  const child: Child = startChild(process.execPath, args)
  const stop = () => {
    child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const ready = async () => {
      for (let line = await child.next(); line !== 'ready'; line = await child.next());
    }
    await Promise.race([ready(), giveUp('it did not start')])
    const url = `http://127.0.0.1:${port}`
    const address = encodeBase64Url(nodeCrypto.sha256(wallet.owner))
    const signal = AbortSignal.timeout(peerPatienceMs)
    const minted = await fetch(`${url}/mint/${address}/1000000000000000`, { signal })
    if (!minted.ok) throw new Error(`/mint answered ${minted.status}`)
    return { url, stop }
  } catch (error) {
    stop()
    remark(`arlocal is not measured: ${String(error)}`)
    return undefined
  }
}

async function askPeer(peer: Peer, bodies: readonly Uint8Array[]): Promise<number | undefined> {
  try {
    return await Promise.race([perSecond(peer.url, bodies), giveUp('it did not answer')])
  } catch (error) {
    remark(`arlocal is left out of a round: ${String(error)}`)
    return undefined
  }
}

/** Signature checks a second on one core: what no node that checks can pass, per core. */
async function verifyLimit(wallet: Wallet): Promise<number> {
  const payload = transactionPayload(await signTransaction({}, wallet, nodeCrypto), nodeCrypto)
  const signature = await wallet.sign(payload)
  const count = 200
  const startMs = clock.elapsedMs()
  for (let i = 0; i < count; i++) await nodeCrypto.verifyRsaPss(wallet.owner, payload, signature)
  return (1000 * count) / (clock.elapsedMs() - startMs)
}

/**
 * Layer-1 transactions of 1 KB, each verified, durable and readable, against arlocal in the same run.
 * `disk` says what disk both have, where it is not the machine's own.
 */
export async function measurePosts(
  url: string,
  posts: number,
  metric: string,
  disk = '',
): Promise<void> {
  const wallet = newWallet()
  const peer = await openPeer(wallet)
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const count = round === 0 ? warmRounds * posts : posts
    const own = await perSecond(url, await signPosts(wallet, count))
    const other = peer && (await askPeer(peer, await signPosts(wallet, peerPosts)))
    // The first round warms both up.
    if (round > 0) ours.push(own)
    if (round > 0 && other !== undefined) theirs.push(other)
  }
  peer?.stop()
  const value = quantile(ours, 0.5)
  const limit = await verifyLimit(wallet)
  const checks = `one core checks ${limit.toFixed(0)} such signatures/s`
  const warmed = `after ${warmRounds * posts} to warm up`
  const note = `${connections} connections, 1 KB, RSA-4096, ready signed, ${warmed}${disk}; ${checks}`
  const figure = { bench: 'store', metric, value, unit: 'transactions/s', note }
  if (theirs.length === 0) return report(figure)
  const peerValue = quantile(theirs, 0.5)
  const told = `arlocal 1.1.66 on disk: ${peerValue.toFixed(2)}/s`
  report({ ...figure, peer: told, ratio: value / peerValue })
}
