import { extname, join } from 'node:path'
import { encodeBase64Url } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { RouteReply, RouteRequest } from '../network/index.ts'
import type { Disk } from '../runtime/index.ts'
import { siteFileUnknown } from './errors.ts'

/**
 * Only what the page itself brings runs, and it speaks to this node alone. Frames show content of
 * users, which the gateway serves without rights; nobody may frame the page.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const securityHeaders = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin-allow-popups',
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/** Names of built assets hold a hash of their content. */
const forever = 'public, max-age=31536000, immutable'
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Heddle</title>
<h1>The explorer is not built yet</h1>
<p>This node runs and answers; only its page is missing. Build it once, then load this page again:</p>
<pre>node scripts/build-explorer.ts</pre>
<p><code>npm ci</code> does this by itself. Meanwhile: <a href="/healthz">/healthz</a>,
<a href="/cu/processes">/cu/processes</a>, <a href="/metrics">/metrics</a>.</p></html>
`

type SiteFile = {
  readonly etag: string
  readonly plain: Uint8Array
  readonly packed: ReadonlyMap<string, Uint8Array>
}

/** Serves the built page out of its folder. Assets are read once; the page itself may be built anew. */
export class Site {
  readonly #folder: string
  readonly #disk: Pick<Disk, 'read'>
  readonly #engine: CryptoEngine
  readonly #assets = new Map<string, SiteFile>()

  constructor(folder: string, disk: Pick<Disk, 'read'>, engine: CryptoEngine) {
    this.#folder = folder
    this.#disk = disk
    this.#engine = engine
  }

  /** The page itself, whatever its state is called: the page reads the path. */
  async page(request: RouteRequest): Promise<RouteReply> {
    const file = await this.#read('index.html')
    if (file !== undefined) return reply(file, '.html', 'no-cache', request)
    const headers = { ...securityHeaders, 'content-type': mediaTypes['.html'] ?? '' }
    return { status: 503, headers: { ...headers, 'cache-control': 'no-store' }, body: notBuilt }
  }

  /** A built file under `assets/`. Throws `explorer-file-unknown`. */
  async asset(request: RouteRequest): Promise<RouteReply> {
    const name = request.params.name ?? ''
    const extension = extname(name)
    const isPlain = /^[\w.-]{1,128}$/.test(name) && mediaTypes[extension] !== undefined
    const file = isPlain ? await this.#asset(join('assets', name)) : undefined
    if (file === undefined) throw siteFileUnknown(name.slice(0, 128))
    return reply(file, extension, forever, request)
  }

  async #asset(name: string): Promise<SiteFile | undefined> {
    const file = this.#assets.get(name) ?? (await this.#read(name))
    if (file !== undefined) this.#assets.set(name, file)
    return file
  }

  async #read(name: string): Promise<SiteFile | undefined> {
    const path = join(this.#folder, name)
    const plain = await this.#disk.read(path)
    if (plain === undefined) return undefined
    const packed = new Map<string, Uint8Array>()
    for (const [encoding, ending] of encodings) {
      const bytes = await this.#disk.read(path + ending)
      if (bytes !== undefined) packed.set(encoding, bytes)
    }
    const etag = encodeBase64Url(this.#engine.sha256(plain)).slice(0, 22)
    return { etag, plain, packed }
  }
}

function reply(
  file: SiteFile,
  extension: string,
  cacheControl: string,
  { headers, method }: RouteRequest,
): RouteReply {
  const accepted = (headers['accept-encoding'] ?? '').split(',').map((part) => part.trim())
  const chosen = encodings.find(
    ([encoding]) => accepted.some((one) => isWanted(one, encoding)) && file.packed.has(encoding),
  )?.[0]
  // Each encoding is a representation of its own (RFC 9110 §8.8.3.3).
  const etag = `"${file.etag}${chosen === undefined ? '' : `-${chosen}`}"`
  const all = {
    ...securityHeaders,
    'content-type': mediaTypes[extension] ?? 'application/octet-stream',
    'cache-control': cacheControl,
    etag,
    vary: 'accept-encoding',
  }
  if ((headers['if-none-match'] ?? '').includes(etag)) return { status: 304, headers: all }
  const bytes = (chosen === undefined ? undefined : file.packed.get(chosen)) ?? file.plain
  const encoded = chosen === undefined ? {} : { 'content-encoding': chosen }
  const sized = { ...all, ...encoded, 'content-length': String(bytes.length) }
  return { status: 200, headers: sized, body: method === 'HEAD' ? undefined : bytes }
}

/** `br` and `br;q=0.5` ask for it, `br;q=0` refuses it. */
function isWanted(part: string, encoding: string): boolean {
  const [name, ...parameters] = part.split(';').map((one) => one.trim())
  return name === encoding && !parameters.some((one) => /^q=0(\.0*)?$/.test(one))
}
