# Lets PowerShell complete driftlock, which is asked what to offer: `driftlock completions powershell`.
Register-ArgumentCompleter -Native -CommandName driftlock -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() })
    # The dot is taken away again: an empty argument would get lost.
    & driftlock completions powershell -- @before "$wordToComplete." 2>$null | ForEach-Object {
        $word, $help = $_ -split "`t", 2
        if (-not $help) { $help = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $help)
    }
}
