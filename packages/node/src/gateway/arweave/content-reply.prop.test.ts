import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RouteRequest } from '../../network/index.ts'
import { type Data, memoryData } from '../items/data.ts'
import { type Content, replyContent } from './content-reply.ts'
import { parseManifest } from './manifest.ts'

const request = (range: string): RouteRequest => ({
  params: {},
  query: new URLSearchParams(),
  headers: { range },
  body: new Uint8Array(0),
  stream: (async function* () {})(),
  url: '/',
  method: 'GET',
  peer: '',
  signal: new AbortController().signal,
})

function contentOf(data: Data): Content {
  return { data, type: 'text/plain', etag: '"x"', cacheControl: 'no-store', headers: {} }
}

async function bytesOf(body: unknown): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0)
  if (body instanceof Uint8Array) return Buffer.from(body)
  const parts: Uint8Array[] = []
  for await (const part of body as AsyncIterable<Uint8Array>) parts.push(part)
  return Buffer.concat(parts)
}

const bound = fc.integer({ min: 0, max: 60 })
const rangeText = fc.oneof(
  fc.tuple(bound, bound).map(([from, to]) => `${from}-${to}`),
  bound.map((from) => `${from}-`),
  bound.map((last) => `-${last}`),
)

test('any ranges of any content: the bytes are those asked for, and as many as stated', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 50 }),
      fc.array(rangeText, { minLength: 1, maxLength: 4 }),
      async (bytes, ranges) => {
        const {
          status,
          headers = {},
          body,
        } = await replyContent(contentOf(memoryData(bytes)), request(`bytes=${ranges.join(',')}`))
        const got = await bytesOf(body)
        if (status === 416) {
          expect(headers['content-range']).toBe(`bytes */${bytes.length}`)
          return
        }
        expect(got.length).toBe(Number(headers['content-length']))
        if (status === 200) {
          expect(Buffer.compare(got, bytes)).toBe(0)
          return
        }
        const single = headers['content-range']
        const text = got.toString('latin1')
        const parts = single === undefined ? text.matchAll(partPattern) : [[text, single, text]]
        for (const [, range = '', data = ''] of parts) {
          const [, from, to, length] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range) ?? []
          const expected = bytes.subarray(Number(from), Number(to) + 1)
          expect(Buffer.from(data, 'latin1').equals(expected)).toBe(true)
          expect(Number(length)).toBe(bytes.length)
        }
      },
    ),
    { numRuns: 500 },
  )
})

const partPattern = /content-range: ([^\r]+)\r\n\r\n([\s\S]*?)\r\n--heddle-/g

test('any bytes are a manifest or are refused as none', () => {
  const json = fc.json().map((text) => new TextEncoder().encode(text))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), json), (bytes) => {
      try {
        parseManifest(bytes)
      } catch (error) {
        expect(error).toMatchObject({ code: 'manifest-invalid' })
      }
    }),
  )
})
