/*---
id = "app-method-1-1"
instrument = "app-method-2019"
number.zh = "第一条第1项"
number.en = "1.1"
severity = "high"
decides = "indicated"
needs = ["gap", "policy_reference", "statement"]
manifest = ["api_call", "permission", "sdk"]
title.zh = "找不到隐私政策，或政策里没有收集使用规则"
title.en = "No privacy policy, or none that says what is collected and used"
explain.zh = "用户应当能在应用里找到隐私政策，政策里要写明怎样收集、使用个人信息。"
explain.en = "Users must be able to find a privacy policy in the app, and it must say how personal information is collected and used."
safe_claim.zh = "在安装包里没有找到隐私政策的链接、标题或文本。"
safe_claim.en = "No privacy policy link, title or text was found in the package."
static_limit.zh = "政策可能由运行时拼出的网址或网页加载；安装包里没找到，不等于应用里没有。"
static_limit.en = "A policy can be loaded from an address put together at run time or shown in a web page; absence in the package does not prove absence in the app."
remedy.zh = '在首次启动的弹窗和“设置—隐私”里各放一个可点开的《隐私政策》，网址写进资源文件，例如 <string name="privacy_policy_url">https://www.example.com/privacy.html</string>，并随包附一份离线文本。'
remedy.en = 'Link the privacy policy from the first-launch dialog and from the settings, keep its address in the resources, for example <string name="privacy_policy_url">https://www.example.com/privacy.html</string>, and ship an offline copy.'
reasons.no-reference.zh = "在安装包的资源、代码字符串和附带文件里没有找到隐私政策的链接、标题或文本。"
reasons.no-reference.en = "No privacy policy link, title or text was found in the resources, code strings and files of the package."
reasons.nothing-collected.zh = "没有找到隐私政策的迹象；也没有找到读取个人信息的调用、危险权限、第三方 SDK 和联网权限，是否需要政策由人判断。"
reasons.nothing-collected.en = "No sign of a privacy policy was found; nor was a call that reads personal information, a dangerous permission, a third-party SDK or access to the network. Whether a policy is needed is for a person to say."
reasons.policy-not-read.zh = "安装包里有 {n} 处隐私政策的迹象；政策写了什么，本次没有读取。"
reasons.policy-not-read.en = "The package holds {n} signs of a privacy policy; what the policy says was not read here."
reasons.policy-says.zh = "读到的政策文本里有 {n} 句写到收集或使用个人信息。"
reasons.policy-says.en = "The policy text that was read has {n} sentences on collecting or using personal information."

[[examples]]
expect = "suspected"
reason = "no-reference"
permission = [{ name = "android.permission.INTERNET", requested = true, protection = "normal", usage = "not-tracked" }]

[[examples]]
expect = "not-assessed"
reason = "nothing-collected"
permission = [{ name = "android.permission.VIBRATE", requested = true, protection = "normal", usage = "not-tracked" }]

[[examples]]
expect = "not-assessed"
reason = "policy-not-read"
policy_reference = [{ kind = "title", value = "隐私政策", language = "zh" }]

[[examples]]
expect = "satisfied"
reason = "policy-says"
statement = [{ document = "policy.html", kind = "collection", actor = "app" }]

[[examples]]
expect = "not-assessed"
reason = "gap"
gap = [{ kind = "packed", reason = "the code is packed", hides = ["api_call"], weight = "total" }]
---*/
WITH signs AS (
  SELECT app, count(*) AS n, group_concat(id) AS ids FROM policy_reference GROUP BY app
), said AS (
  SELECT app, count(*) AS n, group_concat(id) AS ids FROM statement WHERE kind IN ('collection', 'use') GROUP BY app
), collecting AS (
  -- An app that reads nothing, asks for nothing and cannot reach the network has little to state.
  SELECT app FROM api_call WHERE reachable IS NOT FALSE
  UNION SELECT app FROM sdk
  UNION SELECT app FROM permission
    WHERE requested IS TRUE AND (protection = 'dangerous' OR name = 'android.permission.INTERNET')
), blind AS (
  -- Strings of packed code are not seen, so a sign may be missing just as a call may.
  SELECT app, count(*) AS n, group_concat(id) AS ids FROM gap
  WHERE hides LIKE '%"policy_reference"%' OR (weight = 'total' AND hides LIKE '%"api_call"%')
  GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN said.n > 0 THEN 'satisfied' WHEN signs.n > 0 OR blind.n > 0 OR collecting.app IS NULL THEN 'not-assessed'
    ELSE 'suspected' END AS status,
  CASE WHEN said.n > 0 THEN 'policy-says' WHEN signs.n > 0 THEN 'policy-not-read' WHEN blind.n > 0 THEN 'gap'
    WHEN collecting.app IS NULL THEN 'nothing-collected' ELSE 'no-reference' END AS reason_key,
  json_object('n', coalesce(said.n, signs.n), 'count', blind.n) AS params,
  coalesce(said.ids, signs.ids, blind.ids) AS evidence_ids
FROM apps LEFT JOIN signs ON signs.app = apps.app LEFT JOIN said ON said.app = apps.app LEFT JOIN blind ON blind.app = apps.app
  LEFT JOIN collecting ON collecting.app = apps.app
