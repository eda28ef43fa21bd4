import { CopyButton } from './copy.tsx'

/** Text as it is, with a button to copy it. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <figure class="code">
      <figcaption>
        {label}
        <CopyButton text={text} what={label} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre tabIndex={0}>{text}</pre>
    </figure>
  )
}

/** Data of a message: JSON in lines, other text as it is. */
export function Data({ text, label = 'Data' }: { text: string; label?: string }) {
  return <Code text={pretty(text)} label={label} />
}

const prettyLength = 200_000

function pretty(text: string): string {
  if (text.length > prettyLength || !/^\s*[[{]/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
