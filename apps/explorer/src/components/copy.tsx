import { useState } from 'preact/hooks'

const saidMs = 1500

/** Puts a text on the clipboard and says so. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), saidMs)
  }
  return (
    <button type="button" class="copy" onClick={() => void copy()} aria-label={`Copy ${what}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {isCopied ? (
          <path d="m3 8.5 3.5 3.5L13 4.5" />
        ) : (
          <path d="M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z" />
        )}
      </svg>
      <span class="said" role="status">
        {isCopied ? 'Copied' : ''}
      </span>
    </button>
  )
}
