import type { ComponentChildren } from "preact";

import { tokens } from "../../theme/tokens";
import type { Scheme } from "../colors";
import { SchemeContext, useScheme, useSurroundings } from "../context";
import type { Style } from "../css";
import { choice, classes, type Fields } from "../fields";

/** The colour scheme of a container: its own, or that around it. */
export function useOwnScheme(fields: Fields): Scheme {
  return choice(fields["theme"], ["light", "dark"], useScheme());
}

interface Props {
  fields: Fields;
  class: string;
  style?: Style;
  children: ComponentChildren;
}

/** A container that may have a colour scheme of its own. */
export function Themed({ fields, class: name, style, children }: Props) {
  const { theme } = useSurroundings();
  const around = useScheme();
  const colorScheme = useOwnScheme(fields);
  // A page's own surface is of its own scheme.
  const color = { ...theme.color, surface: null };
  const isOther = colorScheme !== around;
  const own = isOther && { ...tokens({ ...theme, color, colorScheme }), colorScheme };
  return (
    <SchemeContext.Provider value={colorScheme}>
      <div
        class={classes(name, `w-${colorScheme}`, isOther && "w-themed")}
        style={{ ...own, ...style }}
      >
        {children}
      </div>
    </SchemeContext.Provider>
  );
}
