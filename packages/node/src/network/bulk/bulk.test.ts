import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { encodeText, HeddleError } from '@heddle/protocol/base'
import { afterEach, describe, expect, it } from 'vitest'
import { createRuntime, ed25519Signer, nodeCrypto, systemSockets } from '../../runtime/index.ts'
import {
  type BulkClient,
  type BulkHandler,
  type BulkOptions,
  type BulkPeer,
  type BulkServer,
  openBulkClient,
  openBulkServer,
} from './index.ts'

const runtime = createRuntime()
const { random } = runtime
const none = new Uint8Array(0)
const open: { close(): void | Promise<void> }[] = []

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

function ground() {
  const identity = ed25519Signer(random.bytes(32))
  return { identity, engine: nodeCrypto, sockets: systemSockets, ...runtime }
}

async function serve(
  handle: BulkHandler,
  more: {
    allow?: (key: Uint8Array) => boolean
    options?: Partial<BulkOptions>
    port?: number
  } = {},
): Promise<{ peer: BulkPeer; server: BulkServer; faults: unknown[]; identity: Uint8Array }> {
  const faults: unknown[] = []
  const own = ground()
  const { allow, options, port = 0 } = more
  const deps = { ...own, handle, onInternalError: (error: unknown) => void faults.push(error) }
  const server = await openBulkServer(
    allow === undefined ? deps : { ...deps, allow },
    { host: '127.0.0.1', port },
    options,
  )
  open.push(server)
  const publicKey = own.identity.owner
  return {
    peer: { host: '127.0.0.1', port: server.port, publicKey },
    server,
    faults,
    identity: publicKey,
  }
}

function connect(options?: Partial<BulkOptions>): BulkClient {
  const client = openBulkClient(ground(), options)
  open.push(client)
  return client
}

/** A server that only takes connections, and does with them what it is told. */
async function listenRaw(onSocket: (socket: Socket) => void): Promise<BulkPeer & { raw: Server }> {
  const raw = createTcpServer((socket) => {
    open.push({ close: () => void socket.destroy() })
    onSocket(socket.on('error', () => undefined))
  })
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve))
  open.push({ close: () => void raw.close() })
  const address = raw.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { host: '127.0.0.1', port, publicKey: new Uint8Array(32), raw }
}

/** Never answers; over once its caller is. */
const silent: BulkHandler = (_kind, _meta, _body, _caller, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new HeddleError('gone', 'unavailable', 'gone')))
  })

const echo: BulkHandler = async (kind, meta, body) => ({
  meta: Uint8Array.of(kind, ...meta),
  bodyParts: [body.subarray(0, 3), body.subarray(3)],
})

describe('bulk lane', () => {
  it('uses a released body again, never for two replies at once, and never one that is kept', async () => {
    const { peer } = await serve(echo)
    const client = connect()
    const ask = (fill: number) => client.call(peer, 1, none, [new Uint8Array(100_000).fill(fill)])
    const kept = await ask(1)
    const first = await ask(2)
    first.release()
    first.release()
    const [second, third] = [await ask(3), await ask(4)]
    expect(second.body.buffer).toBe(first.body.buffer)
    expect(third.body.buffer).not.toBe(second.body.buffer)
    expect([kept, second, third].map(({ body }) => new Set(body))).toEqual(
      [1, 3, 4].map((fill) => new Set([fill])),
    )
  })

  it('carries meta and body parts there and back, many at once on one connection', async () => {
    const callers = new Set<string>()
    const { peer } = await serve(async (kind, meta, body, { publicKey, remote }) => {
      callers.add(`${publicKey} ${remote}`)
      return echo(kind, meta, body, { publicKey, remote }, new AbortController().signal)
    })
    const client = connect()
    const sizes = [0, 1, 3, 4096, 70_000, 3_000_000]
    const replies = await Promise.all(
      sizes.map(async (size, at) => {
        const body = random.bytes(size)
        const reply = await client.call(peer, at, Uint8Array.of(9), [
          body.subarray(0, size >> 1),
          none,
          body.subarray(size >> 1),
        ])
        return [reply.meta, Buffer.compare(reply.body, body)] as const
      }),
    )
    expect(replies).toEqual(sizes.map((_, at) => [Uint8Array.of(at, 9), 0]))
    expect(callers.size).toBe(1)
  })

  it('tells what the other side refused, and hides what it did not mean to tell', async () => {
    const { peer, faults } = await serve(async (kind) => {
      if (kind === 1) throw new HeddleError('row-unknown', 'missing', 'no such row')
      throw new Error('secret path')
    })
    const client = connect()
    await expect(client.call(peer, 1, none, [])).rejects.toMatchObject({
      code: 'row-unknown',
      kind: 'missing',
    })
    const hidden = client.call(peer, 2, none, [])
    await expect(hidden).rejects.toMatchObject({ code: 'internal' })
    await expect(hidden).rejects.not.toThrow(/secret/)
    expect(faults).toHaveLength(1)
  })

  it('refuses a server with another key than the pinned one, and a caller not allowed', async () => {
    const { peer } = await serve(echo)
    const client = connect()
    const wrong = { ...peer, publicKey: ed25519Signer(random.bytes(32)).owner }
    await expect(client.call(wrong, 0, none, [])).rejects.toMatchObject({
      code: 'bulk-peer-untrusted',
    })
    expect((await client.call(peer, 0, none, [])).meta).toEqual(Uint8Array.of(0))
    const closed = await serve(echo, { allow: () => false })
    await expect(client.call(closed.peer, 0, none, [])).rejects.toMatchObject({
      code: 'bulk-peer-untrusted',
    })
  })

  it('blames no key where the peer or the lane itself stops within a handshake', async () => {
    const brief = await listenRaw((socket) => socket.once('data', () => void socket.end()))
    await expect(connect().call(brief, 0, none, [])).rejects.toMatchObject({
      code: 'bulk-connection-lost',
    })
    const liar = await listenRaw((socket) =>
      socket.once('data', () => socket.end(random.bytes(128))),
    )
    await expect(connect().call(liar, 0, none, [])).rejects.toMatchObject({
      code: 'bulk-peer-untrusted',
    })
    const mute = await listenRaw(() => undefined)
    const client = connect()
    const waiting = client.call(mute, 0, none, [])
    mute.raw.once('connection', () => client.close())
    await expect(waiting).rejects.toMatchObject({ code: 'bulk-closed' })
  })

  it('refuses frames beyond its limits before they are sent', async () => {
    const { peer } = await serve(echo)
    const client = connect({ metaBytesMax: 10, bodyBytesMax: 100 })
    await expect(client.call(peer, 0, new Uint8Array(11), [])).rejects.toMatchObject({
      code: 'bulk-frame-too-long',
    })
    await expect(client.call(peer, 0, none, [new Uint8Array(101)])).rejects.toMatchObject({
      code: 'bulk-frame-too-long',
    })
    const long = await serve(async () => ({ meta: none, bodyParts: [new Uint8Array(101)] }))
    await expect(client.call(long.peer, 0, none, [])).rejects.toMatchObject({
      code: 'bulk-connection-lost',
    })
  })

  it('an aborted call rejects at once, tells the server, and leaves the connection in use', async () => {
    let gone: (() => void) | undefined
    const aborted = new Promise<void>((resolve) => {
      gone = resolve
    })
    const { peer } = await serve(async (kind, meta, body, caller, signal) => {
      if (kind === 0) return echo(kind, meta, body, caller, signal)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      gone?.()
      return { meta: none, bodyParts: [] }
    })
    const client = connect()
    const stop = new AbortController()
    const waiting = client.call(peer, 1, none, [], stop.signal)
    await client.call(peer, 0, none, [])
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await aborted
    expect((await client.call(peer, 0, none, [])).meta).toEqual(Uint8Array.of(0))
  })

  it('gives up a peer that takes the connection and never answers', async () => {
    const { peer } = await serve(silent)
    const client = connect({ callTimeoutMs: 50 })
    await expect(client.call(peer, 0, none, [])).rejects.toMatchObject({
      code: 'bulk-call-timed-out',
    })
    const mute = await listenRaw(() => undefined)
    const call = connect({ handshakeTimeoutMs: 50 }).call(mute, 0, none, [])
    await expect(call).rejects.toMatchObject({ code: 'bulk-peer-unreachable' })
    await expect(call).rejects.toThrow(/no handshake within 50 ms/)
  })

  it('waits longer after each failure and comes back when the peer does', async () => {
    const first = await serve(echo)
    await first.server.close()
    const client = connect({ backoffMs: 60_000, backoffMsMax: 60_000 })
    const call = () => client.call(first.peer, 0, none, [])
    await expect(call()).rejects.toMatchObject({ code: 'bulk-peer-unreachable' })
    await expect(call()).rejects.toThrow(/Next try in/)
    const quick = connect({ backoffMs: 1, backoffMsMax: 1 })
    const back = await serve(echo)
    expect((await quick.call(back.peer, 5, none, [])).meta).toEqual(Uint8Array.of(5))
    await back.server.close()
    await expect(quick.call(back.peer, 5, none, [])).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it('a server with little room answers all the same, one after another', async () => {
    let most = 0
    let now = 0
    const { peer } = await serve(
      async (kind, meta, body, caller, signal) => {
        most = Math.max(most, ++now)
        await runtime.timer.sleep(2)
        now--
        return echo(kind, meta, body, caller, signal)
      },
      { options: { requestsPerConnection: 3, inFlightBytesPerConnection: 5000 } },
    )
    const client = connect()
    const body = random.bytes(2000)
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => client.call(peer, 0, none, [body])),
    )
    expect(replies.every((reply) => Buffer.compare(reply.body, body) === 0)).toBe(true)
    expect(most).toBe(2)
  })

  it('works no further ahead than its budget for a peer that does not read', async () => {
    const big = new Uint8Array(4 * 2 ** 20)
    let handled = 0
    const options = { inFlightBytesPerConnection: 2 * big.length }
    const handle: BulkHandler = async (kind) => {
      if (kind === 1) handled++
      return { meta: none, bodyParts: kind === 1 ? [big] : [] }
    }
    const { peer } = await serve(handle, { options })
    let isHeld = false
    const gate = Promise.withResolvers<void>()
    const sockets = {
      async connect(...at: Parameters<typeof systemSockets.connect>) {
        const socket = await systemSockets.connect(...at)
        return {
          remote: socket.remote,
          write: (parts: readonly Uint8Array[]) => socket.write(parts),
          destroy: () => socket.destroy(),
          read: async () => {
            if (isHeld) await gate.promise
            return socket.read()
          },
        }
      },
    }
    const client = openBulkClient({ ...ground(), sockets })
    open.push(client)
    await client.call(peer, 0, none, [])
    isHeld = true
    const calls = Array.from({ length: 16 }, () => client.call(peer, 1, none, []))
    while (handled < 2) await runtime.timer.sleep(1)
    // Two in its budget, one more at the edge, and what the system's own buffers took.
    expect(handled).toBeLessThan(10)
    gate.resolve()
    const replies = await Promise.all(calls)
    expect(replies.every(({ body }) => body.length === big.length)).toBe(true)
  })

  it('gives up a peer whose frame comes byte by byte, which holds the memory for all of it', async () => {
    const { peer } = await serve(echo, { options: { stallTimeoutMs: 1500 } })
    const sockets = {
      async connect(...at: Parameters<typeof systemSockets.connect>) {
        const socket = await systemSockets.connect(...at)
        return {
          remote: socket.remote,
          read: () => socket.read(),
          destroy: () => socket.destroy(),
          async write(parts: readonly Uint8Array[]) {
            const bytes = Buffer.concat(parts)
            if (bytes.length < 1000) return socket.write([bytes])
            for (const byte of bytes) {
              await socket.write([Uint8Array.of(byte)])
              await runtime.timer.sleep(20)
            }
          },
        }
      },
    }
    const client = openBulkClient({ ...ground(), sockets }, { stallTimeoutMs: 600_000 })
    open.push(client)
    await client.call(peer, 1, none, [])
    await expect(client.call(peer, 1, none, [new Uint8Array(1000)])).rejects.toMatchObject({
      code: 'bulk-connection-lost',
    })
  })

  it('takes no longer reply than the caller says it can be', async () => {
    const { peer } = await serve(echo)
    const client = connect()
    const ask = (bytes: number) =>
      client.call(peer, 1, none, [new Uint8Array(bytes)], undefined, 1000)
    expect((await ask(1000)).body.length).toBe(1000)
    await expect(ask(1001)).rejects.toMatchObject({
      code: 'bulk-connection-lost',
      message: expect.stringContaining('1001 bytes, more than can be an answer'),
    })
    expect((await ask(0)).body.length).toBe(0)
  })

  it('closing ends calls that wait, and later ones', async () => {
    let asked: (() => void) | undefined
    const served = new Promise<void>((resolve) => {
      asked = resolve
    })
    const { peer } = await serve((...request) => {
      asked?.()
      return silent(...request)
    })
    const client = connect()
    const waiting = client.call(peer, 0, encodeText('x'), [])
    const refused = client.call(peer, 1, none, [], AbortSignal.abort(new Error('enough')))
    await expect(refused).rejects.toThrow('enough')
    await served
    client.close()
    await expect(waiting).rejects.toMatchObject({ code: 'bulk-connection-lost' })
    await expect(client.call(peer, 0, none, [])).rejects.toMatchObject({ code: 'bulk-closed' })
  })
})
