import { useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';

/**
 * What GraphiQL has no property for: a font small enough for a page's query, and the variables of the tab that is open when
 * the page is loaded, which it shows only after a change of tabs.
 */
export function useEditorSetup(): void {
  const { queryEditor, variableEditor, headerEditor, responseEditor } = useGraphiQL(
    ({ queryEditor, variableEditor, headerEditor, responseEditor }) => ({
      queryEditor,
      variableEditor,
      headerEditor,
      responseEditor,
    }),
  );
  const openVariables = useGraphiQL(({ tabs, activeTabIndex }) => tabs[activeTabIndex]?.variables);

  useEffect(() => {
    for (const editor of [queryEditor, variableEditor, headerEditor, responseEditor]) {
      editor?.updateOptions({ fontSize: 13, lineHeight: 19 });
    }
  }, [queryEditor, variableEditor, headerEditor, responseEditor]);

  // Only when the editor appears: afterwards it is the editor that tells the tab.
  useEffect(() => {
    if (variableEditor && !variableEditor.getValue() && openVariables) variableEditor.setValue(openVariables);
  }, [variableEditor]);
}
