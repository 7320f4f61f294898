/*---
id = "app-method-3-1"
instrument = "app-method-2019"
number.zh = "第三条第1项"
number.en = "3.1"
severity = "high"
decides = "indicated"
needs = ["api_call", "sdk_call"]
notice.zh = "违规收集个人信息"
notice.en = "collection in violation of rules"
title.zh = "征得同意前就开始收集，或打开可收集信息的权限"
title.en = "Collection, or permissions that open personal information, before the user has agreed"
explain.zh = "用户点“同意”之前，应用和其中的 SDK 都不应读取个人信息，也不应申请可收集信息的权限。"
explain.en = "Before the user agrees, neither the app nor its SDKs may read personal information or ask for permissions that open it."
safe_claim.zh = "敏感接口 A（或 SDK X 的初始化）从应用启动即可到达，所经路径上没有找到征得同意的判断；附调用链。"
safe_claim.en = "Sensitive API A (or initialiser of SDK X) is reachable from app start-up on a path where no consent check was found; call chain attached."
static_limit.zh = "判断可能藏在原生代码、服务器开关或反射里；据此下重的结论之前应运行确认。"
static_limit.en = "A check can hide in native code, a server switch or reflection; confirm with a run before drawing heavy conclusions."
remedy.zh = '把 SDK 初始化和信息读取移到用户同意之后，例如在“同意”按钮的回调里先 saveConsent()，再 startSdks()；Application.onCreate 里先判断 if (hasConsent())。SDK 靠 ContentProvider 自动启动的，在清单里写 <provider android:name="该 SDK 的 Provider" android:authorities="原值" tools:node="remove" />，再手动初始化。'
remedy.en = 'Move SDK set-up and reads behind the consent, for example agreeButton.setOnClickListener { saveConsent(); startSdks() }, and ask if (hasConsent()) in Application.onCreate. Where an SDK starts itself by a ContentProvider, put <provider android:name="its provider" android:authorities="as before" tools:node="remove" /> into the manifest and start it by hand.'
reasons.before.zh = "从代码看，用户尚未同意时就可能运行 {n} 处读取个人信息或申请权限的调用（判断可能缺失，也可能不起作用）：{data}；调用方：{owners}。"
reasons.before.en = "{n} call(s) that read personal information or ask for permissions can run, by the code, while the user has not agreed (a check may be missing, or not work): {data}; callers: {owners}."
reasons.sdk-before.zh = "从代码看，用户尚未同意时就可能运行 {n} 处启动第三方 SDK 的调用（判断可能缺失，也可能不起作用），此前也没有告知 SDK 不得收集：{owners}。"
reasons.sdk-before.en = "{n} call(s) that start third-party SDKs can run, by the code, while the user has not agreed (a check may be missing, or not work), and the SDKs are not told before that they must not collect: {owners}."
reasons.sdk-no-gate.zh = "可到达 {n} 处启动第三方 SDK 的调用，而应用里没有找到征得同意的环节，此前也没有告知 SDK 不得收集：{owners}。"
reasons.sdk-no-gate.en = "{n} call(s) that start third-party SDKs can be reached, no consent step was found in the app, and the SDKs are not told before that they must not collect: {owners}."
reasons.no-gate.zh = "可到达 {n} 处读取个人信息或申请权限的调用，而应用里没有找到征得同意的环节：{data}；调用方：{owners}。"
reasons.no-gate.en = "{n} call(s) that read personal information or ask for permissions can be reached, and no consent step was found in the app: {data}; callers: {owners}."
reasons.needs-consent-analysis.zh = "代码中有 {n} 处可到达的读取个人信息或申请权限的调用（{data}；调用方：{owners}），但它们与用户同意的先后顺序无法判断。"
reasons.needs-consent-analysis.en = "The code holds {n} reachable call(s) that read personal information or ask for permissions ({data}; callers: {owners}), but whether that is before or after the user's consent could not be told."
reasons.after.zh = "找到的 {n} 处读取个人信息或申请权限的调用，都排在征得同意的判断之后。"
reasons.after.en = "All {n} call(s) that read personal information or ask for permissions that were found stand behind a consent check."
reasons.no-calls.zh = "在已读取的代码里没有找到可到达的读取个人信息或申请权限的调用。"
reasons.no-calls.en = "No reachable call that reads personal information or asks for permissions was found in the code that was read."

[words.app]
zh = "应用自身或未认出归属的代码"
en = "the app itself or code not recognised as an SDK's"

[words.unknown]
zh = "归属不明的代码"
en = "code of unknown owner"

[[examples]]
expect = "suspected"
reason = "before"
api_call = [
  { data = "imei", api = "android.telephony.TelephonyManager.getImei", owner = "sdk-a", reachable = true, consent = "before" },
  { data = "imei", api = "android.telephony.TelephonyManager.getImei", owner = "app", reachable = true, consent = "unknown" },
]

[[examples]]
expect = "suspected"
reason = "no-gate"
api_call = [{ data = "android-id", api = "android.provider.Settings$Secure.getString", owner = "app", reachable = true, consent = "no-gate" }]

[[examples]]
expect = "suspected"
reason = "sdk-before"
api_call = [{ data = "imei", api = "android.telephony.TelephonyManager.getImei", owner = "app", reachable = true, consent = "after" }]
sdk_call = [
  { sdk = "sdk-a", role = "init", api = "a.Sdk.init", held = false, reachable = true, consent = "before" },
  { sdk = "sdk-b", role = "init", api = "b.Sdk.init", held = true, reachable = true, consent = "before" },
  { sdk = "sdk-c", role = "pre-init", api = "c.Sdk.preInit", reachable = true, consent = "before" },
]

[[examples]]
expect = "suspected"
reason = "sdk-no-gate"
sdk_call = [{ sdk = "sdk-a", role = "auto-init", api = "a.InitProvider", held = false, reachable = true, consent = "no-gate" }]

[[examples]]
expect = "not-applicable"
reason = "no-calls"
sdk_call = [{ sdk = "sdk-a", role = "init", api = "a.Sdk.init", held = true, reachable = true, consent = "before" }]

[[examples]]
expect = "not-assessed"
reason = "needs-consent-analysis"
api_call = [{ data = "contacts", api = "android.content.ContentResolver.query", owner = "app", reachable = true, consent = "unknown" }]

[[examples]]
expect = "satisfied"
reason = "after"
api_call = [{ data = "contacts", api = "android.content.ContentResolver.query", owner = "app", reachable = true, consent = "after" }]

[[examples]]
expect = "not-applicable"
reason = "no-calls"
api_call = [{ data = "imei", api = "android.telephony.TelephonyManager.getImei", owner = "app", reachable = false, consent = "unknown" }]

[[examples]]
expect = "not-assessed"
reason = "gap"
gap = [{ kind = "packed", reason = "the code is packed", hides = ["api_call"], weight = "total" }]
---*/
WITH calls AS (
  SELECT app, id, data, owner,
    CASE consent WHEN 'before' THEN 1 WHEN 'no-gate' THEN 3 WHEN 'after' THEN 6 ELSE 5 END AS place
  FROM api_call WHERE reachable IS NOT FALSE
  UNION ALL
  -- A start is not yet a reading: it counts by itself only where no reading was seen too early.
  SELECT app, id, NULL, sdk, CASE consent WHEN 'before' THEN 2 ELSE 4 END AS place
  FROM sdk_call
  WHERE reachable IS NOT FALSE AND role IN ('init', 'auto-init') AND held IS NOT TRUE AND consent IN ('before', 'no-gate')
), counted AS (
  SELECT app, place, count(*) AS n, json_group_array(data) AS data, json_group_array(owner) AS owners, group_concat(id) AS ids
  FROM calls GROUP BY app, place
), worst AS (
  SELECT app, min(place) AS place FROM counted GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN worst.place < 5 THEN 'suspected' WHEN worst.place = 5 THEN 'not-assessed' WHEN worst.place = 6 THEN 'satisfied'
    ELSE 'not-applicable' END AS status,
  CASE worst.place WHEN 1 THEN 'before' WHEN 2 THEN 'sdk-before' WHEN 3 THEN 'no-gate' WHEN 4 THEN 'sdk-no-gate'
    WHEN 5 THEN 'needs-consent-analysis' WHEN 6 THEN 'after' ELSE 'no-calls' END AS reason_key,
  json_object('n', counted.n, 'data', json(counted.data), 'owners', json(counted.owners)) AS params,
  counted.ids AS evidence_ids
FROM apps LEFT JOIN worst ON worst.app = apps.app
  LEFT JOIN counted ON counted.app = apps.app AND counted.place = worst.place
