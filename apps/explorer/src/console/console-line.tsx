import { isUnfinished, type Language } from '@heddle/sdk/console'
import { useRef, useState } from 'preact/hooks'
import type { History } from './history.ts'

type LineProps = {
  readonly prompt: string
  readonly language: Language
  readonly history: History
  readonly isBusy: boolean
  run(line: string): void
  stop(): void
  clear(): void
  /** What completes the text before the cursor. */
  complete(text: string): Promise<string>
}

/** Where one types: whole code runs with Enter, Up and Down go through earlier lines. */
export function ConsoleLine(props: LineProps) {
  const { prompt, isBusy, stop } = props
  const { text, setText, submit, onKeyDown, onFocus } = useLine(props)
  return (
    <div class="console-line">
      <label class="console-prompt" for="console-line">
        {prompt}
      </label>
      <textarea
        id="console-line"
        value={text}
        rows={Math.min(12, text.split('\n').length)}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        placeholder={isBusy ? 'waits for the result …' : '.help tells the rest'}
        aria-description="Enter runs, Shift+Enter adds a line, Tab completes; Escape sets Tab free"
        onFocus={onFocus}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <button
        type="button"
        class="button"
        disabled={!isBusy && text === ''}
        onClick={isBusy ? stop : submit}
      >
        {isBusy ? 'Stop' : 'Run'}
      </button>
    </div>
  )
}

function useLine({ language, history, isBusy, run, stop, clear, complete }: LineProps) {
  const [text, setText] = useState('')
  const recall = useRecall(history, setText)
  // Whoever moves by Tab must get out: Escape sets it free.
  const isFree = useRef(false)

  const submit = () => {
    if (isBusy || text.trim() === '') return
    history.add(text)
    recall.reset()
    setText('')
    run(text)
  }

  const completeAt = async (field: HTMLTextAreaElement) => {
    const before = field.value.slice(0, field.selectionStart)
    const rest = await complete(before)
    if (rest === '' || !field.value.startsWith(before)) return
    field.setRangeText(rest, field.selectionStart, field.selectionEnd, 'end')
    setText(field.value)
  }

  const onControl = (key: string, isSelected: boolean): boolean => {
    if (key === 'l') clear()
    else if (key !== 'c' || isSelected) return false
    else if (isBusy) stop()
    else setText('')
    return true
  }

  /** Whether the key was one of the console's own. */
  const onPlain = (key: string, field: HTMLTextAreaElement): boolean => {
    const { value, selectionStart, selectionEnd } = field
    if (key === 'ArrowUp' && !value.slice(0, selectionStart).includes('\n')) {
      return recall.go(field, 1)
    }
    if (key === 'ArrowDown' && !value.slice(selectionEnd).includes('\n')) {
      return recall.go(field, -1)
    }
    if (key === 'Enter' && !isUnfinished(value, language)) submit()
    else if (key === 'Tab' && !isFree.current && value.trim() !== '') void completeAt(field)
    else return false
    return true
  }

  const onKeyDown = (event: KeyboardEvent) => {
    const { key, shiftKey, altKey, metaKey, ctrlKey } = event
    const field = event.currentTarget as HTMLTextAreaElement
    if (key === 'Escape') isFree.current = true
    if (shiftKey || altKey || metaKey) return
    const isSelected = field.selectionStart !== field.selectionEnd
    const isOurs = ctrlKey ? onControl(key, isSelected) : onPlain(key, field)
    if (isOurs) event.preventDefault()
  }

  const onFocus = () => {
    isFree.current = false
  }
  return { text, setText, submit, onKeyDown, onFocus }
}

/** Goes back and forth in the history; what was being typed comes back at its end. */
function useRecall(history: History, setText: (text: string) => void) {
  const steps = useRef(0)
  const draft = useRef('')
  return {
    reset() {
      steps.current = 0
      draft.current = ''
    },
    go(field: HTMLTextAreaElement, by: number): boolean {
      const to = steps.current + by
      const line = to === 0 ? draft.current : history.back(to)
      if (line === undefined) return false
      if (steps.current === 0) draft.current = field.value
      steps.current = to
      setText(line)
      // Once the line is drawn
      requestAnimationFrame(() => field.setSelectionRange(line.length, line.length))
      return true
    },
  }
}
