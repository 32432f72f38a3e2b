import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { type Operation, operations } from './operations.ts';
import { CloseButton } from './parts/close-button.tsx';
import { useEditorSetup } from './use-editor-setup.ts';

/**
 * GraphiQL's tabs under the names of the files in `schema/operations`. An operation whose tab was closed can be opened
 * again, as it stands in its file.
 */
export function OperationTabs() {
  const { tabs, activeTabIndex, queryEditor, variableEditor } = useGraphiQL(
    ({ tabs, activeTabIndex, queryEditor, variableEditor }) => ({ tabs, activeTabIndex, queryEditor, variableEditor }),
  );
  useEditorSetup();
  const { addTab, changeTab, closeTab, updateActiveTabValues } = useGraphiQLActions();
  const closed = operations.filter(({ operationName }) => !tabs.some((tab) => tab.operationName === operationName));

  const open = ({ query, variables, operationName }: Operation) => {
    addTab();
    updateActiveTabValues({ query, variables, operationName });
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
  };

  return (
    <nav className="operation-tabs" aria-label="Operations">
      <ul>
        {tabs.map(({ id, operationName }, index) => {
          const name = nameOf(operationName);
          const isActive = index === activeTabIndex;
          return (
            <li key={id} className={isActive ? 'tab active' : 'tab'}>
              <button type="button" aria-current={isActive ? 'page' : undefined} onClick={() => changeTab(index)}>
                {name}
              </button>
              {tabs.length > 1 && <CloseButton label={`Close ${name}`} onClick={() => closeTab(index)} />}
            </li>
          );
        })}
        {closed.map((operation) => (
          <li key={operation.name} className="tab closed">
            <button
              type="button"
              title={`Open ${operation.name} as it stands in its file`}
              onClick={() => open(operation)}
            >
              + {operation.name}
            </button>
          </li>
        ))}
        <li className="tab closed">
          <button type="button" aria-label="New tab" title="New tab" onClick={() => addTab()}>
            +
          </button>
        </li>
      </ul>
    </nav>
  );
}

/** The file's name where the tab holds that file's operation, else the operation's. */
const nameOf = (operationName: string | null): string =>
  operations.find((operation) => operation.operationName === operationName)?.name ?? operationName ?? 'untitled';
