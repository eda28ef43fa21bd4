type TextProps = {
  readonly label: string
  readonly value: string
  readonly placeholder?: string
  readonly rows?: number
  readonly isCode?: boolean
  onInput(value: string): void
}

/** A field of some lines with its name above. */
export function TextField({ label, rows = 2, isCode = false, onInput, ...rest }: TextProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <textarea
        {...rest}
        class={isCode ? 'mono' : ''}
        rows={rows}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  )
}
