import { useRef } from 'preact/hooks'

type EditorProps = {
  readonly label: string
  readonly value: string
  onInput(value: string): void
}

const indent = '  '

/** A field for code: monospaced, with line numbers; Tab indents until Escape was pressed. */
export function Editor({ label, value, onInput }: EditorProps) {
  const numbers = useRef<HTMLPreElement>(null)
  const isFree = useRef(false)
  const lines = value.split('\n').length
  const onKeyDown = (event: KeyboardEvent) => {
    const field = event.currentTarget as HTMLTextAreaElement
    // Whoever moves by Tab must get out: Escape sets it free.
    if (event.key === 'Escape') isFree.current = true
    if (event.key !== 'Tab' || event.shiftKey || isFree.current) return
    event.preventDefault()
    const { selectionStart, selectionEnd } = field
    field.setRangeText(indent, selectionStart, selectionEnd, 'end')
    onInput(field.value)
  }
  return (
    <div class="editor">
      <pre class="editor-numbers" aria-hidden="true" ref={numbers}>
        {Array.from({ length: lines }, (_, at) => at + 1).join('\n')}
      </pre>
      <textarea
        aria-label={`${label}. Tab indents; press Escape first to leave by Tab`}
        value={value}
        spellcheck={false}
        autocapitalize="off"
        wrap="off"
        rows={18}
        onFocus={() => {
          isFree.current = false
        }}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onScroll={(event) => {
          if (numbers.current !== null) numbers.current.scrollTop = event.currentTarget.scrollTop
        }}
      />
    </div>
  )
}
