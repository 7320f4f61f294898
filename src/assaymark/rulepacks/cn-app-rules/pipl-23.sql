/*---
id = "pipl-23"
instrument = "pipl"
number.zh = "第二十三条"
number.en = "23"
severity = "high"
decides = "indicated"
needs = ["sdk"]
notice.zh = "向第三方提供个人信息未经单独同意、未告知接收方"
notice.en = "provision to third parties without separate consent or notice of recipient"
title.zh = "向其他处理者提供个人信息，要告知接收方并取得单独同意"
title.en = "Providing data to another handler needs notice of the recipient and separate consent"
explain.zh = "把个人信息提供给其他处理者，要告知其名称、联系方式、目的、方式、种类，并取得单独同意。"
explain.en = "Giving personal information to another handler needs notice of its name, contact, purpose, manner and kinds, and separate consent."
safe_claim.zh = "信息 Y 的接收方 R（据数据流）没有写进政策，或缺少联系方式、目的、种类。"
safe_claim.en = "Recipient R of data type Y (from flow evidence) is missing from the policy, or is listed without contact / purpose / kinds."
static_limit.zh = "接收方是独立处理者还是受托方属于法律判断；单独同意只能在界面上看到。包里有 SDK 不等于向它提供了信息。"
static_limit.en = "Whether a recipient is another handler or an entrusted party is a legal question; separate consent is only visible on screens. An SDK in the package does not mean that data went to it."
remedy.zh = "为每个接收方写明五项内容，在首次提供前单独征得同意。"
remedy.en = "State the five items for each recipient, and ask separately before data first goes there."
reasons.needs-policy.zh = "安装包里有 {n} 个第三方 SDK，其提供方可能是接收方：{vendors_zh}；是否逐一告知了接收方，须与隐私政策比对，本次没有政策文本。"
reasons.needs-policy.en = "The package holds {n} third-party SDK(s) whose makers may be recipients: {vendors}; whether each recipient is told has to be compared with the policy, whose text was not given."
reasons.no-sdk.zh = "没有识别出已打包的第三方 SDK；应用自身的接收方须与隐私政策比对，本次没有政策文本。"
reasons.no-sdk.en = "No bundled third-party SDK was recognised; recipients of the app itself have to be compared with the policy, whose text was not given."

[[examples]]
expect = "not-assessed"
reason = "needs-policy"
sdk = [{ id = "sdk-a", name = "Alpha", vendor = "Alpha Ltd", vendor_zh = "甲公司", presence = "bundled", confidence = "high" }]

[[examples]]
expect = "not-assessed"
reason = "no-sdk"
sdk = [{ id = "okhttp", name = "OkHttp", purpose = "library", presence = "bundled", confidence = "high" }]
---*/
WITH bundled AS (
  SELECT app, count(*) AS n, json_group_array(coalesce(vendor, name)) AS vendors,
    json_group_array(coalesce(vendor_zh, vendor, name_zh, name)) AS vendors_zh, group_concat(id) AS ids
  FROM sdk WHERE presence = 'bundled' AND coalesce(purpose, '') <> 'library' GROUP BY app
)
SELECT apps.app, 'app' AS subject, 'not-assessed' AS status,
  CASE WHEN bundled.n > 0 THEN 'needs-policy' ELSE 'no-sdk' END AS reason_key,
  json_object('n', bundled.n, 'vendors', json(bundled.vendors), 'vendors_zh', json(bundled.vendors_zh)) AS params,
  bundled.ids AS evidence_ids
FROM apps LEFT JOIN bundled ON bundled.app = apps.app
