import { extname, join } from 'node:path'
import { decodeText, encodeBase64Url } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { RouteReply, RouteRequest } from '../network/index.ts'
import type { Disk } from '../runtime/index.ts'
import { siteFileUnknown } from './errors.ts'
import { securityHeaders } from './policy.ts'

/** A built site: a folder of files, and what to say where it is not there. */
export type SiteOptions = {
  /** What it is called to people, e.g. `the explorer`. */
  readonly title: string
  readonly folder: string
  /** What to run where the site is not built. */
  readonly buildCommand: string
  /** `style="…"` in its pages is allowed; `<style>` never is. */
  readonly hasStyleAttributes?: boolean
  readonly disk: Pick<Disk, 'read'>
  readonly engine: CryptoEngine
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/** Names of built assets hold a hash of their content. */
const forever = 'public, max-age=31536000, immutable'
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const
const pathLengthMax = 256

type SiteFile = {
  readonly etag: string
  readonly plain: Uint8Array
  readonly packed: ReadonlyMap<string, Uint8Array>
  readonly headers: Readonly<Record<string, string>>
}

/** Serves a built site out of its folder. Assets are read once; pages may be built anew. */
export class Site {
  readonly #options: SiteOptions
  readonly #assets = new Map<string, SiteFile>()

  constructor(options: SiteOptions) {
    this.#options = options
  }

  /** The first page; the 503 that says what to run where there is none. */
  async page(request: RouteRequest): Promise<RouteReply> {
    const file = await this.#read('index.html')
    if (file !== undefined) return reply(file, 200, request)
    const headers = { ...securityHeaders([], false), 'cache-control': 'no-store' }
    const type = { 'content-type': mediaTypes['.html'] ?? '' }
    return { status: 503, headers: { ...headers, ...type }, body: notBuilt(this.#options) }
  }

  /** A built file under `assets/`. Throws `site-file-unknown`. */
  async asset(name: string, request: RouteRequest): Promise<RouteReply> {
    const path = `assets/${name}`
    const file = isServed(path) ? await this.#asset(path) : undefined
    if (file === undefined) throw siteFileUnknown(this.#options.title, name.slice(0, pathLengthMax))
    return reply(file, 200, request)
  }

  /** Any file of a site of many pages: `guide/actors` is `guide/actors.html`. */
  async file(path: string, request: RouteRequest): Promise<RouteReply> {
    if (path === '') return this.page(request)
    if (path.startsWith('assets/')) return this.asset(path.slice('assets/'.length), request)
    const names = extname(path) === '' ? [`${path.replace(/\/$/, '')}.html`] : [path]
    if (path.endsWith('/')) names.push(`${path}index.html`)
    for (const name of names.filter(isServed)) {
      const file = await this.#read(name)
      if (file !== undefined) return reply(file, 200, request)
    }
    const missing = await this.#read('404.html')
    return missing === undefined ? this.page(request) : reply(missing, 404, request)
  }

  async #asset(path: string): Promise<SiteFile | undefined> {
    const file = this.#assets.get(path) ?? (await this.#read(path))
    if (file !== undefined) this.#assets.set(path, file)
    return file
  }

  async #read(name: string): Promise<SiteFile | undefined> {
    const { folder, disk, engine, hasStyleAttributes = false } = this.#options
    const path = join(folder, name)
    const plain = await disk.read(path)
    if (plain === undefined) return undefined
    const packed = new Map<string, Uint8Array>()
    for (const [encoding, ending] of encodings) {
      const bytes = await disk.read(path + ending)
      if (bytes !== undefined) packed.set(encoding, bytes)
    }
    const etag = encodeBase64Url(engine.sha256(plain)).slice(0, 22)
    const scripts = name.endsWith('.html') ? inlineScripts(decodeText(plain)) : []
    const hashes = scripts.map((script) => engine.sha256(new TextEncoder().encode(script)))
    const headers = {
      ...securityHeaders(hashes, hasStyleAttributes),
      'content-type': mediaTypes[extname(name)] ?? 'application/octet-stream',
      'cache-control': name.startsWith('assets/') ? forever : 'no-cache',
    }
    return { etag, plain, packed, headers }
  }
}

/** Names that a build gives, of a kind that is served; nothing hidden, nothing above the folder. */
function isServed(path: string): boolean {
  const segments = path.split('/')
  const isPlain = segments.every((segment) => /^(?!\.)[\w@.~-]+$/.test(segment))
  return path.length <= pathLengthMax && isPlain && mediaTypes[extname(path)] !== undefined
}

/** Texts of scripts written into a page. The page is ours, built on this machine. */
function inlineScripts(html: string): string[] {
  const found = html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)
  return Array.from(found, ([, text = '']) => text).filter((text) => text !== '')
}

function reply(file: SiteFile, status: number, { headers, method }: RouteRequest): RouteReply {
  const accepted = (headers['accept-encoding'] ?? '').split(',').map((part) => part.trim())
  const chosen = encodings.find(
    ([encoding]) => accepted.some((one) => isWanted(one, encoding)) && file.packed.has(encoding),
  )?.[0]
  // Each encoding is a representation of its own (RFC 9110 §8.8.3.3).
  const etag = `"${file.etag}${chosen === undefined ? '' : `-${chosen}`}"`
  const all = { ...file.headers, etag, vary: 'accept-encoding' }
  if ((headers['if-none-match'] ?? '').includes(etag)) return { status: 304, headers: all }
  const bytes = (chosen === undefined ? undefined : file.packed.get(chosen)) ?? file.plain
  const encoded = chosen === undefined ? {} : { 'content-encoding': chosen }
  const sized = { ...all, ...encoded, 'content-length': String(bytes.length) }
  return { status, headers: sized, body: method === 'HEAD' ? undefined : bytes }
}

/** `br` and `br;q=0.5` ask for it, `br;q=0` refuses it. */
function isWanted(part: string, encoding: string): boolean {
  const [name, ...parameters] = part.split(';').map((one) => one.trim())
  return name === encoding && !parameters.some((one) => /^q=0(\.0*)?$/.test(one))
}

function notBuilt({ title, buildCommand }: SiteOptions): string {
  const name = title[0]?.toUpperCase() + title.slice(1)
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Heddle</title>
<h1>${name}: not built yet</h1>
<p>This node runs and answers; only these pages are missing. Build them once, then load this page again:</p>
<pre>${buildCommand}</pre>
<p>Meanwhile: <a href="/healthz">/healthz</a>, <a href="/cu/processes">/cu/processes</a>,
<a href="/metrics">/metrics</a>.</p></html>
`
}
