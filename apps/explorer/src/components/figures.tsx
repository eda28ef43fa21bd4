import type { ComponentChildren } from 'preact'

/** Numbers of a page, large, side by side. */
export function Figures({ children }: { children: ComponentChildren }) {
  return <dl class="figures">{children}</dl>
}

type FigureProps = {
  readonly name: string
  readonly value: string
  readonly children: ComponentChildren
}

export function Figure({ name, value, children }: FigureProps) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd class="figure-value">{value}</dd>
      <dd class="figure-note">{children}</dd>
    </div>
  )
}
