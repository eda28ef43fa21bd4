import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { BodyMemory } from './body-memory.ts'
import { BodyParts } from './body-parts.ts'
import { openServer, type Route, type ServerOptions } from './index.ts'

const bodyBytesMax = 1024 * 1024

describe('the memory for bodies', () => {
  const take = (memory: BodyMemory, share: { heldBytes: number }, bytes: number) => {
    const state = { granted: false }
    state.granted = memory.take(share, bytes, () => {
      state.granted = true
    })
    return state
  }

  it('gives what there is, holds back the rest in turn, and is whole again in the end', () => {
    const memory = new BodyMemory(30, 10)
    const [a, b, c] = [{ heldBytes: 0 }, { heldBytes: 0 }, { heldBytes: 0 }]
    expect(take(memory, a, 10).granted).toBe(true)
    expect(take(memory, b, 10).granted).toBe(true)
    expect(take(memory, c, 4).granted).toBe(true)
    const later = { heldBytes: 0 }
    const waiting = take(memory, later, 1)
    expect([waiting.granted, memory.waiting, memory.heldBytes]).toEqual([false, 1, 24])
    memory.release(a)
    expect(waiting.granted).toBe(true)
    for (const share of [b, c, later]) memory.release(share)
    expect([memory.heldBytes, memory.waiting]).toEqual([0, 0])
  })

  it('brings halves of bodies that fill it to their end, one after another', () => {
    const memory = new BodyMemory(40, 10)
    const shares = Array.from({ length: 6 }, () => ({ heldBytes: 0 }))
    for (const share of shares) expect(take(memory, share, 5).granted).toBe(true)
    const rest = shares.map((share) => take(memory, share, 5))
    for (const [i, share] of shares.entries()) {
      expect(memory.heldBytes).toBeLessThanOrEqual(40)
      expect(rest[i]?.granted).toBe(true)
      memory.release(share)
    }
    expect(memory.heldBytes).toBe(0)
  })

  it('forgets who leaves the line', () => {
    const memory = new BodyMemory(10, 10)
    const [a, b, c] = [{ heldBytes: 0 }, { heldBytes: 0 }, { heldBytes: 0 }]
    expect(take(memory, a, 6).granted).toBe(true)
    const [gone, next] = [take(memory, b, 5), take(memory, c, 5)]
    memory.release(b)
    memory.release(a)
    expect([gone.granted, next.granted]).toEqual([false, true])
  })
})

describe('a server whose memory for bodies is full', () => {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  async function serve(handle: Route['handle'], options: Partial<ServerOptions>) {
    const server = await openServer({ port: 0, ...options })
    closing.push(() => server.close())
    const routes: Route[] = [
      { method: 'POST', path: '/', handle },
      { method: 'POST', path: '/stream', body: 'stream', handle: count },
    ]
    await server.serve([{ prefix: '', routes }], { onInternalError: () => {} })
    return server
  }

  async function count({ stream }: Parameters<Route['handle']>[0]) {
    let bytes = 0
    for await (const part of stream) bytes += part.length
    return { status: 200, body: String(bytes) }
  }

  /** A request whose body the caller writes; `answer` resolves with status, headers and text. */
  function post(url: string, bytes: number) {
    const sent: ClientRequest = request(url, { method: 'POST', agent: false })
    sent.setHeader('content-length', bytes)
    closing.push(() => sent.destroy())
    const answer = new Promise<{ status: number | undefined; retry: string | undefined }>(
      (resolve, reject) => {
        sent.on('error', reject)
        sent.on('response', (reply: IncomingMessage) => {
          reply.resume()
          resolve({ status: reply.statusCode, retry: reply.headers['retry-after'] })
        })
      },
    )
    answer.catch(() => {})
    return { sent, answer }
  }

  it('leaves bodies in their sockets while others are answered, and takes them in then', async () => {
    const inside: (() => void)[] = []
    const { url, bodies } = await serve(
      async ({ body }) => {
        expect(body.length).toBe(bodyBytesMax)
        await new Promise<void>((resolve) => inside.push(resolve))
        return { status: 200 }
      },
      { bodyBytesMax, bodiesBytesMax: 2 * bodyBytesMax },
    )
    const calls = Array.from({ length: 6 }, () => post(url, bodyBytesMax))
    for (const { sent } of calls) sent.end(new Uint8Array(bodyBytesMax))
    await expect.poll(() => bodies().waiting + inside.length).toBe(calls.length)
    // What is read as a stream takes none of it.
    const streamed = await fetch(`${url}/stream`, { method: 'POST', body: new Uint8Array(3e6) })
    expect(await streamed.text()).toBe('3000000')
    for (const _ of calls) {
      await expect.poll(() => inside.length).toBeGreaterThan(0)
      expect(inside.length).toBeLessThanOrEqual(2)
      expect(bodies().heldBytes).toBeLessThanOrEqual(2 * bodyBytesMax)
      inside.shift()?.()
    }
    for (const { answer } of calls) expect((await answer).status).toBe(200)
    await expect.poll(() => bodies().heldBytes).toBe(0)
  })

  it('refuses with 503 what waited as long as a request may take', async () => {
    const late: (() => void)[] = []
    const timer = {
      after: (_delayMs: number, run: () => void) => {
        late.push(run)
        return () => void late.splice(late.indexOf(run), 1)
      },
      sleep: () => Promise.resolve(),
    }
    const held = Promise.withResolvers<void>()
    const { url, bodies } = await serve(
      async () => {
        await held.promise
        return { status: 200 }
      },
      { bodyBytesMax, bodiesBytesMax: bodyBytesMax, timer },
    )
    const first = post(url, bodyBytesMax)
    first.sent.end(new Uint8Array(bodyBytesMax))
    await expect.poll(() => bodies().heldBytes).toBe(bodyBytesMax)
    const second = post(url, bodyBytesMax)
    second.sent.end(new Uint8Array(bodyBytesMax))
    await expect.poll(() => bodies().waiting).toBe(1)
    late.at(-1)?.()
    expect(await second.answer).toEqual({ status: 503, retry: '1' })
    expect(bodies()).toMatchObject({ heldBytes: bodyBytesMax, waiting: 0 })
    held.resolve()
    expect((await first.answer).status).toBe(200)
    await expect.poll(() => bodies().heldBytes).toBe(0)
  })

  it('counts a body until it is answered, though its caller left', async () => {
    const isInside = Promise.withResolvers<void>()
    const isGone = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const { url, bodies } = await serve(
      async ({ signal }) => {
        signal.addEventListener('abort', () => isGone.resolve())
        isInside.resolve()
        await held.promise
        return { status: 200 }
      },
      { bodyBytesMax, bodiesBytesMax: bodyBytesMax },
    )
    const { sent } = post(url, bodyBytesMax)
    sent.end(new Uint8Array(bodyBytesMax))
    await isInside.promise
    sent.destroy()
    await isGone.promise
    expect(bodies().heldBytes).toBe(bodyBytesMax)
    held.resolve()
    await expect.poll(() => bodies().heldBytes).toBe(0)
  })

  it('counts nothing of a body that is announced and does not come', async () => {
    const { url, bodies } = await serve(() => ({ status: 200 }), {
      bodyBytesMax,
      bodiesBytesMax: bodyBytesMax,
    })
    for (let i = 0; i < 5; i++) post(url, bodyBytesMax).sent.flushHeaders()
    const whole = post(url, bodyBytesMax)
    whole.sent.end(new Uint8Array(bodyBytesMax))
    expect((await whole.answer).status).toBe(200)
    await expect.poll(() => bodies().heldBytes).toBe(0)
  })
})

describe('the parts of a body', () => {
  it('gives back what came, whatever its parts', () => {
    const sizes = fc.oneof(fc.constantFrom(0, 1, 4095, 4096, 4097), fc.nat(10_000))
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 20 }), (lengths) => {
        const whole = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0))
        for (let i = 0; i < whole.length; i++) whole[i] = i % 251
        const parts = new BodyParts()
        let at = 0
        for (const length of lengths) {
          parts.add(whole.slice(at, at + length))
          at += length
        }
        expect(parts.bytes).toBe(whole.length)
        expect(Buffer.compare(parts.join(), whole)).toBe(0)
      }),
      { numRuns: 50 },
    )
  })

  it('keeps single bytes together, and a body of one part as it came', () => {
    const parts = new BodyParts()
    const byte = Uint8Array.of(7)
    for (let i = 0; i < 100_000; i++) parts.add(byte)
    expect(parts.pieces).toBeLessThan(30)
    expect(parts.join().length).toBe(100_000)
    const one = new BodyParts()
    one.add(byte)
    expect(one.join()).toBe(byte)
  })
})
