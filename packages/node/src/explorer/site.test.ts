import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noBytes, type RouteRequest } from '../network/index.ts'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { Site } from './site.ts'

const { disk } = createRuntime()
const folder = mkdtempSync(join(tmpdir(), 'heddle-site-'))

function request(headers: Record<string, string> = {}, name = '', method = 'GET'): RouteRequest {
  return {
    params: { name },
    query: new URLSearchParams(),
    headers,
    body: new Uint8Array(0),
    stream: noBytes(),
    url: '/',
    method,
    peer: '127.0.0.1',
    signal: new AbortController().signal,
  }
}

beforeAll(() => {
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<title>Heddle</title>')
  writeFileSync(join(folder, 'assets', 'main-1.js'), 'run()')
  writeFileSync(join(folder, 'assets', 'main-1.js.br'), 'packed')
  writeFileSync(join(folder, 'secret.js'), 'no')
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('site', () => {
  const site = new Site(folder, disk, nodeCrypto)

  it('serves the page under a strict policy and asks for it anew each time', async () => {
    const { status, headers = {} } = await site.page(request())
    expect(status).toBe(200)
    const policy = headers['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("connect-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    expect(headers).toMatchObject({
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    })
    const again = await site.page(request({ 'if-none-match': headers.etag ?? '' }))
    expect(again.status).toBe(304)
  })

  it('serves assets packed where the browser takes that, each with its own tag', async () => {
    const plain = await site.asset(request({}, 'main-1.js'))
    expect(new TextDecoder().decode(plain.body as Uint8Array)).toBe('run()')
    expect(plain.headers?.['cache-control']).toContain('immutable')
    const packed = await site.asset(request({ 'accept-encoding': 'gzip, br' }, 'main-1.js'))
    expect(packed.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' })
    expect(new TextDecoder().decode(packed.body as Uint8Array)).toBe('packed')
    expect(packed.headers?.etag).not.toBe(plain.headers?.etag)
    const refused = await site.asset(request({ 'accept-encoding': 'br;q=0' }, 'main-1.js'))
    expect(refused.headers).not.toHaveProperty('content-encoding')
    const head = await site.asset(request({}, 'main-1.js', 'HEAD'))
    expect(head.body).toBeUndefined()
  })

  it.each(['absent.js', '../secret.js', '..%2fsecret.js', 'main-1.js.br', '', 'a'.repeat(200)])(
    'has no file %s',
    async (name) => {
      await expect(site.asset(request({}, name))).rejects.toMatchObject({ kind: 'missing' })
    },
  )

  it('says what to run where the page is not built', async () => {
    const empty = new Site(join(folder, 'nothing'), disk, nodeCrypto)
    const { status, body } = await empty.page(request())
    expect(status).toBe(503)
    expect(body).toContain('node scripts/build-explorer.ts')
  })
})
