import { useLoad } from '../api/load.ts'
import { fetchContent } from '../api/units.ts'
import { formatBytes } from '../format.ts'
import { Data } from './code.tsx'
import { Manifest } from './manifest.tsx'
import { Panel } from './panel.tsx'
import { Empty, Failure, Loading } from './state.tsx'

type ContentProps = { readonly id: string; readonly sizeBytes: number; readonly type: string }

const textBytesMax = 256 * 1024
const hexBytesMax = 512
const manifestType = 'application/x.arweave-manifest+json'

/** A look at what an item holds. Nothing of it runs: pages are shown without any right. */
export function Content({ id, sizeBytes, type }: ContentProps) {
  const links = (
    <span>
      <a href={`/${id}`}>open</a> ·{' '}
      <a href={`/raw/${id}`} download={id}>
        save
      </a>
    </span>
  )
  return (
    <Panel title="Content" aside={links}>
      {sizeBytes === 0 ? <Empty title="Empty" /> : <Preview id={id} type={type} />}
    </Panel>
  )
}

function Preview({ id, type }: { id: string; type: string }) {
  const [kind = ''] = type.split('/')
  const src = `/raw/${id}`
  if (kind === 'image') return <img class="preview" src={src} alt="What the item holds" />
  if (/^(text\/html|application\/(pdf|xhtml\+xml))/.test(type)) {
    // No right at all: neither scripts nor this origin, on top of what the gateway's policy forbids.
    return <iframe class="preview-page" src={src} sandbox="" title="What the item holds" />
  }
  if (type.startsWith(manifestType)) return <Manifest id={id} />
  return <TextOrBytes id={id} />
}

function TextOrBytes({ id }: { id: string }) {
  const { value, error, reload } = useLoad(id, (signal) => fetchContent(id, signal, textBytesMax))
  if (error !== undefined) return <Failure error={error} onRetry={reload} />
  if (value === undefined) return <Loading />
  const text = textOf(value.bytes)
  const shown =
    value.bytes.length < value.total ? `the first ${formatBytes(value.bytes.length)}` : ''
  if (text !== undefined) return <Data text={text} label={shown || 'Text'} />
  const few = value.bytes.subarray(0, hexBytesMax)
  return <Data text={hexOf(few)} label={`Bytes, the first ${few.length}`} />
}

/** A cut at the end may split a character, so the last few bytes may be wrong. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

const bytesPerLine = 16

function hexOf(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += bytesPerLine) {
    const line = [...bytes.subarray(at, at + bytesPerLine)]
    const hex = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = line.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·'))
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${text.join('')}`)
  }
  return lines.join('\n')
}
