/*---
id = "miit164-6"
instrument = "miit-2020-164"
number.zh = "第6项"
number.en = "6"
severity = "medium"
decides = "indicated"
needs = ["setting"]
notice.zh = "APP频繁自启动和关联启动"
notice.en = "frequent self-starting and starting of other apps"
title.zh = "APP频繁自启动和关联启动"
title.en = "Frequent self-starting and starting of other apps"
explain.zh = "没有告知、没有同意或没有合理场景，就自己启动或启动其他应用。"
explain.en = "The app starts itself, or other apps, without notice, consent or a reasonable context."
safe_claim.zh = "组件 C 注册了广播 B（例如开机完成），政策里没有关于自启动的说明。"
safe_claim.en = "Component C registers for broadcast B (for example boot completed) and the policy contains no statement on self-start."
static_limit.zh = "较新的安卓限制了许多广播；次数要运行才能看到。关联启动其他应用、代码里动态注册的广播不在本查询之内。"
static_limit.en = "Recent Android restricts many of these broadcasts, and frequency needs a run. Starting other apps, and receivers registered in code, are outside this query."
remedy.zh = '去掉不需要的开机、网络、解锁等广播接收器，由 SDK 合并进来的写 <receiver android:name="该接收器的类名" tools:node="remove" />；确有需要的写进政策，并给用户开关。'
remedy.en = 'Remove receivers for boot, network and unlock that are not needed; where an SDK merges one in, write <receiver android:name="class of the receiver" tools:node="remove" />. State the others in the policy and give users a switch.'
reasons.starts.zh = "{n} 个组件注册了系统广播，可在用户没有打开应用时启动：{actions}；组件：{components}。政策里有无说明，本次没有核对。"
reasons.starts.en = "{n} component(s) register for system broadcasts and can start while the user has not opened the app: {actions}; components: {components}. Whether the policy says so was not checked."
reasons.none.zh = "清单里没有找到为自启动而注册系统广播的组件；代码里动态注册的广播和启动其他应用的行为没有查看。"
reasons.none.en = "No component that registers for a system broadcast to start itself was found in the manifest; receivers registered in code and the starting of other apps were not looked at."

[[examples]]
expect = "suspected"
reason = "starts"
setting = [
  { name = "self-start", value = "android.intent.action.BOOT_COMPLETED", scope = "com.example.BootReceiver", origin = "manifest", effect = "starts-itself" },
  { name = "self-start", value = "android.intent.action.USER_PRESENT", scope = "com.example.BootReceiver", origin = "manifest", effect = "starts-itself" },
]

[[examples]]
expect = "not-assessed"
reason = "none"
setting = [{ name = "debuggable", value = "false", scope = "app", origin = "manifest", effect = "neutral" }]
---*/
WITH starts AS (
  SELECT app, count(DISTINCT scope) AS n, json_group_array(replace(value, 'android.intent.action.', '')) AS actions,
    json_group_array(scope) AS components, group_concat(id) AS ids
  FROM setting WHERE name = 'self-start' AND effect = 'starts-itself' GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN starts.n > 0 THEN 'suspected' ELSE 'not-assessed' END AS status,
  CASE WHEN starts.n > 0 THEN 'starts' ELSE 'none' END AS reason_key,
  json_object('n', starts.n, 'actions', json(starts.actions), 'components', json(starts.components)) AS params,
  starts.ids AS evidence_ids
FROM apps LEFT JOIN starts ON starts.app = apps.app
