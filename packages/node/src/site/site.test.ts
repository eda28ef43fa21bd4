import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noBytes, type RouteRequest } from '../network/index.ts'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { Site } from './site.ts'

const { disk } = createRuntime()
const parts = {
  title: 'the page',
  buildCommand: 'node scripts/build-page.ts',
  disk,
  engine: nodeCrypto,
}
const folder = mkdtempSync(join(tmpdir(), 'heddle-site-'))

function request(headers: Record<string, string> = {}, method = 'GET'): RouteRequest {
  return {
    params: {},
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
  writeFileSync(join(folder, 'secret.txt'), 'no')
  writeFileSync(join(folder, '.hidden.html'), 'no')
  writeFileSync(join(folder, '404.html'), 'no such page')
  mkdirSync(join(folder, 'guide'))
  writeFileSync(join(folder, 'guide', 'first.html'), 'first<script>a()</script>')
  writeFileSync(join(folder, 'guide', 'index.html'), 'all of the guide')
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('site', () => {
  const site = new Site({ ...parts, folder })

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
    const plain = await site.asset('main-1.js', request({}))
    expect(new TextDecoder().decode(plain.body as Uint8Array)).toBe('run()')
    expect(plain.headers?.['cache-control']).toContain('immutable')
    const packed = await site.asset('main-1.js', request({ 'accept-encoding': 'gzip, br' }))
    expect(packed.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' })
    expect(new TextDecoder().decode(packed.body as Uint8Array)).toBe('packed')
    expect(packed.headers?.etag).not.toBe(plain.headers?.etag)
    const refused = await site.asset('main-1.js', request({ 'accept-encoding': 'br;q=0' }))
    expect(refused.headers).not.toHaveProperty('content-encoding')
    const head = await site.asset('main-1.js', request({}, 'HEAD'))
    expect(head.body).toBeUndefined()
  })

  it.each(['absent.js', '../secret.js', '..%2fsecret.js', 'main-1.js.br', '', 'a'.repeat(200)])(
    'has no file %s',
    async (name) => {
      await expect(site.asset(name, request())).rejects.toMatchObject({ kind: 'missing' })
    },
  )

  it('says what to run where the page is not built', async () => {
    const empty = new Site({ ...parts, folder: join(folder, 'nothing') })
    const { status, body } = await empty.page(request())
    expect(status).toBe(503)
    expect(body).toContain('node scripts/build-page.ts')
  })

  it('serves a site of many pages by their names without ending', async () => {
    const text = async (path: string) => {
      const { status, body } = await site.file(path, request())
      return `${status} ${new TextDecoder().decode(body as Uint8Array)}`
    }
    expect(await text('')).toContain('200 <title>Heddle')
    expect(await text('guide/first')).toBe('200 first<script>a()</script>')
    expect(await text('guide/')).toBe('200 all of the guide')
    expect(await text('assets/main-1.js')).toBe('200 run()')
    for (const path of ['guide/none', '../etc/passwd', '.hidden', 'secret.txt', 'guide//first']) {
      expect(await text(path)).toBe('404 no such page')
    }
  })

  it('allows a script that is written into a page by its hash, and nothing else', async () => {
    const { headers = {} } = await site.file('guide/first', request())
    const hash = createHash('sha256').update('a()').digest('base64')
    expect(headers['content-security-policy']).toContain(`script-src 'self' 'sha256-${hash}';`)
    expect(headers['content-security-policy']).not.toContain('unsafe')
  })
})
